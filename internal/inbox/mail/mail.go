// Package mail reads mail that strangers send. Nothing in it is believed: a sender is a claim, an attachment is a name and a size, HTML is
// text. Whatever the bytes are, Parse answers.
package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/htmlindex"
)

// Limits of what is read. A message that is longer was refused before it came here; what is deeper or has more parts is kept raw.
const (
	MaxBytes = 10 << 20 // of a message, attachments and all
	maxText  = 64 << 10 // of the text that is shown
	maxDepth = 8        // multiparts inside multiparts
	maxParts = 50
	maxField = 500 // characters of a subject or a name
)

// Message is what is shown of a mail.
type Message struct {
	ID      string // Message-ID in angle brackets; empty when there is none that can be repeated
	From    string // address as the header claims it; empty for none
	Name    string
	Subject string
	Text    string
	Answers []string // Message-IDs that it says it answers
	Parts   []Part
	Auto    bool // written by a program: never answered (RFC 3834)
	Broken  bool // not whole, or not mail: Text shows the bytes as they are
}

// Part is an attachment: its name and type are claims, its size is counted.
type Part struct {
	Name, Type string
	Size       int
}

// Parse reads a message. It never fails: what is no mail is shown as text.
func Parse(raw []byte) Message {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{Broken: true, Text: plain(raw)}
	}
	words := &mime.WordDecoder{CharsetReader: charset}
	field := func(name string) string {
		s, err := words.DecodeHeader(m.Header.Get(name))
		if err != nil {
			s = m.Header.Get(name)
		}
		return line(s)
	}
	out := Message{ID: messageID(m.Header.Get("Message-ID")), Subject: field("Subject"), Auto: auto(m.Header)}
	parser := mail.AddressParser{WordDecoder: words}
	if a, err := parser.Parse(m.Header.Get("From")); err == nil && !strings.ContainsFunc(a.Address, unicode.IsControl) {
		out.From, out.Name = a.Address, line(a.Name)
	}
	for _, name := range []string{"In-Reply-To", "References"} {
		for _, id := range strings.Fields(m.Header.Get(name)) {
			if id = messageID(id); id != "" && len(out.Answers) < 50 {
				out.Answers = append(out.Answers, id)
			}
		}
	}
	r := reader{}
	if err := r.read(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Header.Get("Content-Disposition"), m.Body, 0); err != nil {
		out.Broken = true
	}
	out.Parts = r.parts
	switch {
	case r.text != "":
		out.Text = r.text
	case r.html != "":
		out.Text = stripped(r.html)
	case out.Broken:
		out.Text = plain(raw)
	}
	return out
}

// auto says that no person wrote this now: an answer would begin a loop (RFC 3834 §2, and what older programs put instead).
func auto(h mail.Header) bool {
	if s := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted"))); s != "" && s != "no" {
		return true
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	for name := range h {
		if n := strings.ToLower(name); strings.HasPrefix(n, "list-") || n == "x-loop" || n == "x-autoreply" || n == "x-autorespond" || n == "x-auto-response-suppress" {
			return true
		}
	}
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err == nil && media == "multipart/report" {
		return true
	}
	a, err := mail.ParseAddress(h.Get("From"))
	if err != nil {
		return true // nobody to answer
	}
	local, _, _ := strings.Cut(strings.ToLower(a.Address), "@")
	switch local {
	case "mailer-daemon", "postmaster", "no-reply", "noreply", "ne-pas-repondre", "bounce", "bounces":
		return true
	}
	return false
}

// messageID is an id that may be written into a header again; "" for anything else.
func messageID(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 5 || len(s) > 250 || s[0] != '<' || s[len(s)-1] != '>' || !strings.Contains(s, "@") {
		return ""
	}
	if strings.ContainsFunc(s[1:len(s)-1], func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }) {
		return ""
	}
	return s
}

type reader struct {
	text, html string
	parts      []Part
	seen       int
}

type tooMuch struct{}

func (tooMuch) Error() string { return "too many parts" }

func (r *reader) read(contentType, encoding, disposition string, body io.Reader, depth int) error {
	if r.seen++; r.seen > maxParts || depth > maxDepth {
		return tooMuch{}
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, params = "text/plain", nil // RFC 2045 §5.2
	}
	if strings.HasPrefix(media, "multipart/") && params["boundary"] != "" {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF { //nolint:errorlint // the package answers io.EOF itself
				return nil
			}
			if err != nil {
				return err
			}
			if err := r.read(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Disposition"), p, depth+1); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, &skipper{body})
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	kind, named, err := mime.ParseMediaType(disposition)
	attached := err == nil && kind == "attachment" || named["filename"] != "" || params["name"] != ""
	if attached || media != "text/plain" && media != "text/html" {
		size, err := io.Copy(io.Discard, body)
		name := named["filename"]
		if name == "" {
			name = params["name"]
		}
		if decoded, err := (&mime.WordDecoder{CharsetReader: charset}).DecodeHeader(name); err == nil {
			name = decoded
		}
		if name == "" {
			name = "?"
		}
		r.parts = append(r.parts, Part{Name: line(name), Type: line(media), Size: int(size)})
		return err
	}
	raw, err := io.ReadAll(io.LimitReader(body, maxText*4))
	if c := params["charset"]; c != "" {
		if decoded, bad := charset(c, bytes.NewReader(raw)); bad == nil {
			if b, bad := io.ReadAll(decoded); bad == nil {
				raw = b
			}
		}
	}
	if media == "text/html" {
		if r.html == "" {
			r.html = plain(raw)
		}
		return err
	}
	if r.text == "" {
		r.text = plain(raw)
	} else if len(r.text) < maxText {
		r.text = cut(r.text+"\n\n"+plain(raw), maxText)
	}
	return err
}

// skipper drops what is no base64, as mail programs expect.
type skipper struct{ r io.Reader }

func (s *skipper) Read(p []byte) (int, error) {
	for {
		n, err := s.r.Read(p)
		kept := 0
		for _, c := range p[:n] {
			if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '=' {
				p[kept] = c
				kept++
			}
		}
		if kept > 0 || err != nil {
			return kept, err
		}
	}
}

func charset(name string, r io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, err
	}
	return e.NewDecoder().Reader(r), nil
}

// plain is text that both databases keep and a page shows: UTF-8 without control characters but line ends and tabs, and not too long.
func plain(raw []byte) string {
	s := strings.ToValidUTF8(string(raw[:min(len(raw), maxText*4)]), "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) && !bidi(r) {
			return r
		}
		return -1
	}, s)
	return cut(strings.TrimSpace(s), maxText)
}

// bidi are the characters that turn the order of letters round: a file may look like another.
func bidi(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

func line(s string) string {
	s = strings.Join(strings.Fields(plain([]byte(s))), " ")
	return cut(s, maxField)
}

// cut keeps at most n bytes, whole letters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// stripped is the text of HTML: nothing of it is ever shown as HTML.
func stripped(source string) string {
	z := html.NewTokenizer(strings.NewReader(source))
	var b strings.Builder
	hidden := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return plain([]byte(b.String()))
		case html.TextToken:
			if hidden == 0 {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "script", "style", "title":
				hidden++
			case "br", "p", "div", "tr", "li":
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "script", "style", "title":
				hidden = max(0, hidden-1)
			}
		}
	}
}
