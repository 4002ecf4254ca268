package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"

	"entremise/internal/network"
	"entremise/internal/review"
)

var (
	inviteIn  = regexp.MustCompile(`/avis/q/[^\s)]+`)
	versionIn = regexp.MustCompile(`/equipe/avis/(rvv_[0-9a-z]+)/decision`)
	reportIn  = regexp.MustCompile(`/equipe/avis/([a-z]+_[0-9a-z]+)/signalement`)
	answersIn = regexp.MustCompile(`name="(answers\.[a-z_]+|consent-[a-z-]+)"`)
)

// driveReviews takes one review from the invitation to its erasure: a member asks, a customer answers, a moderator decides, a visitor verifies and reports, and the author has
// himself erased.
func (t *tour) driveReviews() error {
	n, err := t.Editions.InForce(t.o.ctx)
	if err != nil {
		return err
	}
	people, err := t.demoPeople(t.o.ctx)
	if err != nil {
		return err
	}
	if len(people.Pros) == 0 {
		return errors.New("the demo has no member")
	}
	site, space := n.Sites[0].Host, n.SpaceHost
	author, visitor := t.client(site), t.client(site)
	member, moderator, officer := t.client(space), t.client(space), t.client(space)
	for c, account := range map[*client]string{member: people.Pros[0], moderator: people.Staff["moderator"], officer: people.Staff["officer"]} {
		if err := t.enter(c, account); err != nil {
			return err
		}
	}
	who := &t.report.Consumer
	who.Name, who.Email = "Élodie Visite", "elodie.visite@example.org"
	account, err := t.Auth.Get(t.o.ctx, people.Pros[0])
	if err != nil {
		return err
	}
	t.report.Pro = account.Pro

	a, err := member.get("/invitations")
	if err != nil {
		return err
	}
	form := hiddens(a.body)
	for k, v := range map[string]string{"questionnaire": n.Reviews.Questionnaires[0].ID, "name": who.Name, "email": who.Email, "service": "Pose d’une cuisine", "on": t.DB.Now().AddDate(0, 0, -12).Format(time.DateOnly), "lang": "fr"} {
		form.Set(k, v)
	}
	if a, err = member.post("/invitations", form); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	m, err := t.sent(moderator, "review-invite", "email", func(m sentMessage) bool { return m.To == who.Email })
	if err != nil {
		return err
	}
	t.report.Request = m.Object
	t.step("invited", "by a member, and the e-mail has left")

	if a, err = author.get(inviteIn.FindString(m.Text)); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	form = hiddens(a.body)
	for _, f := range answersIn.FindAllStringSubmatch(a.body, -1) {
		switch name := f[1]; {
		case strings.HasPrefix(name, "consent-"):
			form.Set(name, "yes")
		case name == "answers.comment":
			form.Set(name, "Les meubles sont arrivés à la date dite et la pose a pris deux jours. Une porte a été réglée une semaine après.")
		case name == "answers.trouble":
			form.Set(name, "no")
		case name != "answers.settled":
			form.Set(name, "4")
		}
	}
	form.Set("service", "Pose d’une cuisine")
	form.Set("on", t.DB.Now().AddDate(0, 0, -12).Format(time.DateOnly))
	if a, err = author.post("/mon-avis", form); err != nil {
		return err
	}
	if err := a.must(200, "/mon-avis/recu.json"); err != nil {
		return err
	}
	var receipt review.Proven
	if receipt, err = t.proven(author, "/mon-avis/recu.json"); err != nil {
		return err
	}
	t.report.Ref = receipt.Ref
	t.step("deposited", receipt.Ref+": its fingerprint is in a signed checkpoint, before anybody has read it")

	if err := t.decideFirst(moderator, receipt); err != nil {
		return err
	}
	digits := receipt.Ref[len(receipt.Ref)-10:]
	if a, err = visitor.get("/avis/" + digits); err != nil {
		return err
	}
	if err := a.must(200, receipt.Ref, "Les meubles sont arrivés"); err != nil {
		return err
	}
	if strings.Contains(a.body, who.Name) {
		return errors.New("the published review names its author")
	}
	t.step("published", "as it was written, without a name")

	shown, err := t.proven(visitor, "/avis/"+digits+"/preuve.json")
	if err != nil {
		return err
	}
	if shown.Leaf != receipt.Leaf {
		return errors.New("what is shown is not what the author's receipt is for")
	}
	t.step("verified", "the published words are those of the receipt")

	if a, err = visitor.get("/avis/" + digits + "/signaler"); err != nil {
		return err
	}
	form = hiddens(a.body)
	for k, v := range map[string]string{"reason": n.Reviews.Reports[0].ID, "words": "Je me demande si ce chantier a existé.", "name": "Paul Témoin", "email": "paul.temoin@example.org", "faith": "yes"} {
		form.Set(k, v)
	}
	if a, err = visitor.post("/avis/"+digits+"/signaler", form); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	if a, err = visitor.get("/avis/" + digits); err != nil {
		return err
	}
	if err := a.must(200, receipt.Ref); err != nil {
		return err
	}
	report, err := t.find(moderator, reportIn)
	if err != nil {
		return err
	}
	if a, err = moderator.post("/equipe/avis/"+report+"/signalement", url.Values{"verdict": {"keep"}, "answer": {"L’entreprise a montré la facture du chantier : l’avis reste."}}); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	t.step("reported", "examined while it stayed visible, and it stays")

	if a, err = author.post("/mes-droits", url.Values{"asked": {string(network.RightErasure)}, "scopes": {"contact", "opinions", "messages"}, "name": {who.Name}, "email": {who.Email}}); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	m, err = t.sent(officer, "rights-received", "email", func(m sentMessage) bool { return m.To == who.Email })
	if err != nil {
		return err
	}
	if a, err = officer.post("/dossiers/"+m.Object, url.Values{"do": {"erase"}}); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	if a, err = visitor.get("/avis/" + digits); err != nil {
		return err
	}
	if err := a.must(404); err != nil {
		return err
	}
	lines, err := t.Reviews.Lines(t.o.ctx, t.report.Pro, 0, 10_000)
	if err != nil {
		return err
	}
	before := ""
	for _, l := range lines {
		if !strings.Contains(l.Text, "\nbefore="+before+"\n") {
			return fmt.Errorf("line %d of the member's chain does not follow", l.N)
		}
		before = review.LineHash(l.Text)
	}
	if err := receipt.Verify(); err != nil {
		return err
	}
	t.step("erased", "gone from every page; the member's chain of "+fmt.Sprint(len(lines))+" lines still holds together")
	return nil
}

// proven reads a proof and verifies it as anybody would, waiting a moment for its checkpoint.
func (t *tour) proven(c *client, path string) (p review.Proven, err error) {
	for range 100 {
		a, err := c.get(path)
		if err != nil {
			return p, err
		}
		if err := a.must(200); err != nil {
			return p, err
		}
		p = review.Proven{}
		if err := json.Unmarshal([]byte(a.body), &p); err != nil {
			return p, fmt.Errorf("%s: %w", path, err)
		}
		if p.Inclusion != nil {
			return p, p.Verify()
		}
		select {
		case <-t.o.ctx.Done():
			return p, t.o.ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return p, fmt.Errorf("%s: no checkpoint within two seconds", path)
}

// find looks for something that waits at the moderator's desk.
func (t *tour) find(c *client, what *regexp.Regexp) (string, error) {
	a, err := c.get("/equipe/avis")
	if err != nil {
		return "", err
	}
	for _, link := range regexp.MustCompile(`href="(/equipe/avis\?c=[^"]+)"`).FindAllStringSubmatch(a.body, -1) {
		if a, err = c.get(html.UnescapeString(link[1])); err != nil {
			return "", err
		}
		if m := what.FindStringSubmatch(a.body); m != nil {
			return m[1], nil
		}
	}
	return "", errors.New("nothing of the kind waits at the desk")
}

// decideFirst publishes the review of a receipt at the desk; one that was drawn is controlled first.
func (t *tour) decideFirst(c *client, receipt review.Proven) error {
	a, err := c.get("/equipe/avis")
	if err != nil {
		return err
	}
	for _, link := range regexp.MustCompile(`href="(/equipe/avis\?c=[^"]+)"`).FindAllStringSubmatch(a.body, -1) {
		if a, err = c.get(html.UnescapeString(link[1])); err != nil {
			return err
		}
		m := versionIn.FindStringSubmatch(a.body)
		if m == nil || !strings.Contains(a.body, receipt.Ref) {
			continue
		}
		if strings.Contains(a.body, "/equipe/avis/"+m[1]+"/appel") {
			if a, err = c.post("/equipe/avis/"+m[1]+"/appel", url.Values{"outcome": {"confirmed"}, "said": {"La cliente confirme le chantier."}}); err != nil {
				return err
			}
		}
		if a, err = c.post("/equipe/avis/"+m[1]+"/decision", url.Values{"do": {"publish"}}); err != nil {
			return err
		}
		if err := a.must(200); err != nil {
			return err
		}
		t.step("decided", "person, experience and content hold")
		return nil
	}
	return errors.New("the review does not wait at the desk")
}
