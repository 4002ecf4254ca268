package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	netmail "net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/call"
	"entremise/internal/fault"
	"entremise/internal/inbox"
	"entremise/internal/inbox/mail"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/web"
	"entremise/networks"
)

// networkFolder is a folder on disk, or one that is built in when no such folder exists.
func networkFolder(name string) (fs.FS, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return os.DirFS(name), nil
	}
	folder, err := networks.Open(name)
	if err != nil {
		return nil, fmt.Errorf("there is no folder %s, and no built-in network of that name (there are: %s)", name, strings.Join(networks.Names(), ", "))
	}
	return folder, nil
}

type serveCmd struct {
	Settings `embed:""`
	Listen   string   `help:"Address to listen on; put a proxy with TLS in front." default:"127.0.0.1:8080" env:"ENTREMISE_LISTEN"`
	Proxies  []string `help:"Networks of the proxies whose X-Forwarded-For is believed." default:"127.0.0.0/8,::1/128" env:"ENTREMISE_PROXIES"`
	Plain    bool     `help:"Serve plain http to browsers, for a trial on one machine: cookies are then not bound to TLS." env:"ENTREMISE_PLAIN"`

	SMTP     string `name:"smtp" help:"Mail server, host:port." env:"ENTREMISE_SMTP"`
	SMTPUser string `name:"smtp-user" env:"ENTREMISE_SMTP_USER"`
	SMTPTLS  string `name:"smtp-tls" help:"starttls, tls or none (loopback only)." default:"starttls" env:"ENTREMISE_SMTP_TLS"`
	From     string `help:"Sender of e-mails." env:"ENTREMISE_MAIL_FROM"`
	SMSURL   string `name:"sms-url" help:"Address of the SMS gateway." env:"ENTREMISE_SMS_URL"`
	Mail     string `name:"mail-listen" help:"Address on which mail to the network's addresses is received (SMTP); put your mail relay in front." env:"ENTREMISE_MAIL_LISTEN"`
	MailCert string `name:"mail-cert" help:"Certificate chain (PEM) with which the receiver of mail offers STARTTLS; read again for each sender." env:"ENTREMISE_MAIL_CERT"`
	MailKey  string `name:"mail-key" help:"Its private key (PEM)." env:"ENTREMISE_MAIL_KEY"`
	IMAP     string `name:"imap" help:"Mailbox server, host:port with TLS, for a network whose inbox says receiver: imap." env:"ENTREMISE_IMAP"`
	IMAPUser string `name:"imap-user" env:"ENTREMISE_IMAP_USER"`
	SMSFrom  string `name:"sms-from" help:"Sender of texts: a number or at most 11 letters." env:"ENTREMISE_SMS_FROM"`
	LineURL  string `name:"line-url" help:"Where the telephone company hands out recordings (GET) and deletes them (DELETE), by the call's name; without it nothing is recorded." env:"ENTREMISE_LINE_URL"`

	countrySettings  `embed:""`
	archiverSettings `embed:""`
	anchorSettings   `embed:""`
}

// secretValue reads NAME, or the file that NAME_FILE names.
func secretValue(name string) (string, error) {
	if path := os.Getenv(name + "_FILE"); path != "" {
		b, err := os.ReadFile(path)
		return strings.TrimSpace(string(b)), err
	}
	return os.Getenv(name), nil
}

func (c serveCmd) Run(o *out) error {
	// Its calls come by the signed webhook. Without an address that hands out and deletes their sound nothing is recorded.
	w := World{Secure: !c.Plain, Line: call.Line{Name: "webhook"}, URL: func(host, path string) string { return "https://" + host + path }}
	if c.Plain {
		_, port, err := net.SplitHostPort(c.Listen)
		if err != nil {
			return err
		}
		if port == "0" || port == "" {
			return errors.New("--plain writes the port into links: give --listen one that is not 0")
		}
		w.URL = func(host, path string) string { return "http://" + host + ":" + port + path }
	}
	for _, p := range c.Proxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return fmt.Errorf("--proxies: %q is no network such as 10.0.0.0/8", p)
		}
		w.Proxies = append(w.Proxies, prefix)
	}
	var err error
	if w.Drivers, w.SMSKeys, err = c.drivers(); err != nil {
		return err
	}
	if w.Country, err = c.countries(); err != nil {
		return err
	}
	if w.Archive, err = c.archive(); err != nil {
		return err
	}
	if w.Outside, err = c.outside(); err != nil {
		return err
	}
	hook, err := secretValue("ENTREMISE_NOTICE_SECRET")
	if err != nil {
		return err
	}
	if hook != "" {
		w.Hook = inbox.Hook{Client: &http.Client{Timeout: 15 * time.Second}}
		if w.Hook.Secret, err = inbox.HookSecret(hook); err != nil {
			return fmt.Errorf("ENTREMISE_NOTICE_SECRET: %w", err)
		}
	}
	certificate, err := mailCertificate(c.MailCert, c.MailKey)
	if err != nil {
		return err
	}
	password, err := secretValue("ENTREMISE_IMAP_PASSWORD")
	if err != nil {
		return err
	}
	line, err := secretValue("ENTREMISE_LINE_WEBHOOK_SECRET")
	if err != nil {
		return err
	}
	if line != "" {
		w.LineKeys = strings.Split(line, ",")
	}
	if c.LineURL != "" {
		token, err := secretValue("ENTREMISE_LINE_TOKEN")
		if err != nil {
			return err
		}
		if w.Line, err = call.NewLine(call.Gateway{URL: c.LineURL, Token: token}); err != nil {
			return err
		}
	}
	i, err := open(o.ctx, c.Settings, w, false, o.log)
	if err != nil {
		return err
	}
	n, err := i.Editions.InForce(o.ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("no network is in force in this folder: run entremise apply first (%w)", err), i.Close())
	}
	if err := i.archives(n); err != nil {
		return errors.Join(err, i.Close())
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(err, i.Close())
	}
	o.unbuilt(n)
	at, stop, err := i.receiveMail(o.ctx, c.Mail, certificate, mail.Mailbox{Address: c.IMAP, User: c.IMAPUser, Password: password})
	if err != nil {
		return errors.Join(err, l.Close(), i.Close())
	}
	o.say("listening http://%s", l.Addr())
	switch n, err := i.Editions.InForce(o.ctx); {
	case at != nil:
		o.say("receiving smtp://%s", at)
	case err == nil && n.Inbox != nil && n.Inbox.Receiver == network.ReceiverSMTP:
		o.log.Warn("the network says that mail is read, and none is received: give --mail-listen")
	}
	if n.Verification.Country != nil && w.Country == nil {
		o.log.Warn("the network says that the country of a form is checked, and no provider is given: each one is taken as if it did not answer; give --country-url")
	}
	if a := n.Anchors; a != nil && (a.Chain != nil && w.Outside.Chain == nil || a.Stamp != nil && w.Outside.Stamp == nil) {
		o.log.Warn("the network says that roots of the proof log are brought outside, and no way there is given: they wait; give --chain-url and --stamp-url")
	}
	return errors.Join(i.serve(o, l, i.Handler(web.Demo{})), stop())
}

// drivers refuses to serve with the embedded outbox: a real network must really reach people.
func (c serveCmd) drivers() (d notify.Drivers, keys []string, err error) {
	var missing []string
	for _, need := range []struct{ value, what string }{{c.SMTP, "--smtp"}, {c.From, "--from"}, {c.SMSURL, "--sms-url"}, {c.SMSFrom, "--sms-from"}} {
		if need.value == "" {
			missing = append(missing, need.what)
		}
	}
	if len(missing) > 0 {
		return d, nil, fmt.Errorf("serve needs outgoing mail and SMS: give %s. To look around without them, run entremise demo", strings.Join(missing, ", "))
	}
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return d, nil, fmt.Errorf("--from: %w", err)
	}
	password, err := secretValue("ENTREMISE_SMTP_PASSWORD")
	if err != nil {
		return d, nil, err
	}
	token, err := secretValue("ENTREMISE_SMS_TOKEN")
	if err != nil {
		return d, nil, err
	}
	hook, err := secretValue("ENTREMISE_SMS_WEBHOOK_SECRET")
	if err != nil {
		return d, nil, err
	}
	host, portText, err := net.SplitHostPort(c.SMTP)
	if err != nil {
		return d, nil, fmt.Errorf("--smtp: want host:port, for example mail.example:587")
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return d, nil, fmt.Errorf("--smtp: %q is no port", portText)
	}
	mailer, err := notify.NewMailer(notify.MailServer{Host: host, Port: port, Username: c.SMTPUser, Password: password, TLS: c.SMTPTLS})
	if err != nil {
		return d, nil, err
	}
	texter, err := notify.NewTexter(notify.SMSGateway{URL: c.SMSURL, Token: token, From: c.SMSFrom})
	if err != nil {
		return d, nil, err
	}
	if hook != "" {
		keys = strings.Split(hook, ",")
	}
	return notify.Drivers{SMS: texter.Send, Mail: mailer.Send, From: *from}, keys, nil
}

// serve runs everything until ctx ends, then lets requests in progress finish.
func (i *Instance) serve(o *out, l net.Listener, h http.Handler) error {
	ctx, cancel := context.WithCancel(o.ctx)
	defer cancel()
	if err := privacy.MayServe(ctx, i.DB); err != nil {
		return errors.Join(err, i.Close())
	}
	i.Start(ctx)
	stopControl, err := i.control(ctx)
	if err != nil {
		return errors.Join(err, i.Close())
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: nil}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err = <-failed:
	case <-o.ctx.Done():
		cancel() // live streams end at once
		grace, done := context.WithTimeout(context.WithoutCancel(o.ctx), 10*time.Second)
		defer done()
		err = server.Shutdown(grace)
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	stopControl()
	return errors.Join(err, i.Close())
}

type initCmd struct {
	Settings     `embed:""`
	Network      string `help:"Folder of the network, or the name of one that is built in." required:""`
	Email        string `help:"E-mail of the first administrator." required:""`
	Name         string `help:"Name of the first administrator." required:""`
	VirtualClock bool   `help:"Business time can be moved forward in this folder; for trials, never for a real network."`
}

// Run makes nothing before everything that it was given is judged: a folder that is half a network cannot be initialised again.
func (c initCmd) Run(o *out) error {
	if err := (&Instance{Settings: c.Settings, clock: &clock{}}).mustBeNew(o.ctx); err != nil {
		return err
	}
	folder, err := networkFolder(c.Network)
	if err != nil {
		return err
	}
	n, problems := network.Read(folder)
	if n == nil {
		return o.problems(problems, false, func() {})
	}
	first := auth.NewAccount{Name: c.Name, Email: c.Email, Lang: "fr", Roles: []network.Role{network.RoleAdministrator, network.RoleAgent, network.RoleOnboarding, network.RoleAccountant, network.RoleOfficer}}
	if f := fault.Of(auth.CheckStaff(first)); f != nil {
		var errs []error
		for _, x := range f.Fields {
			errs = append(errs, fmt.Errorf("--%s: %s", x.Name, x.Text.EN))
		}
		return errors.Join(errs...)
	}
	i, err := open(o.ctx, c.Settings, World{}, true, o.log)
	if err != nil {
		return err
	}
	token := ""
	_, _, err = i.Editions.Apply(o.ctx, "system", folder)
	if err == nil {
		_, token, err = i.Auth.Invite(o.ctx, auth.Machine, first, nil)
	}
	if err == nil && c.VirtualClock {
		err = i.makeVirtual(o.ctx)
	}
	if err = errors.Join(err, i.Close()); err != nil {
		return err
	}
	link := "https://" + n.SpaceHost + "/invitation/" + token
	return o.report(map[string]string{"data": c.Data, "invitation": link}, func() {
		o.say("%s is ready for %s.\nThe administrator's invitation, good for seven days:\n  %s\nKeep %s and %s apart from every backup, and from each other: without the first nothing can be read, without the second nothing of the archive.", c.Data, n.Network, link, filepath.Join(c.Data, masterFile), filepath.Join(c.Data, pastFile))
	})
}
