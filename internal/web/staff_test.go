package web_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/rig"
)

// Each page of staff, for whom, and what it must show in both languages. A request and a professional stand for {req} and {pro}.
var staffPages = []struct {
	path   string
	roles  []network.Role // nil: every member of staff
	fr, en string
}{
	{"/aujourdhui", nil, "Aujourd’hui", "Today"},
	{"/permissions", nil, "Qui peut quoi", "Who may do what"},
	{"/rappels", []network.Role{network.RoleAgent, network.RoleAdministrator}, "Des personnes attendent votre appel", "People are waiting for your call"},
	{"/invendus", []network.Role{network.RoleAgent, network.RoleAdministrator}, "personne ne les a prises", "nobody took them"},
	{"/appels", []network.Role{network.RoleAgent, network.RoleSupervisor, network.RoleAdministrator}, "Derniers appels", "Last calls"},
	{"/demandes/{req}", []network.Role{network.RoleAgent, network.RoleAdministrator}, "Ce qui s’est passé", "What happened"},
	{"/demandes/{req}/corriger", []network.Role{network.RoleAgent, network.RoleAdministrator}, "Corriger la demande", "Correct the request"},
	{"/recherche", []network.Role{network.RoleAgent, network.RoleOnboarding, network.RoleAdministrator}, "Que cherchez-vous", "What are you looking for"},
	{"/pros", []network.Role{network.RoleAgent, network.RoleOnboarding, network.RoleAccountant, network.RoleAdministrator}, "professionnel", "professional"},
	{"/pros/nouveau", []network.Role{network.RoleOnboarding}, "Nouveau professionnel", "New professional"},
	{"/pros/{pro}", []network.Role{network.RoleAgent, network.RoleOnboarding, network.RoleAccountant, network.RoleAdministrator}, "Achats, 30 jours", "Purchases, 30 days"},
	{"/equipe", []network.Role{network.RoleAdministrator}, "Équipe", "Team"},
	{"/jetons", []network.Role{network.RoleAdministrator}, "Jetons d’API", "API tokens"},
	{"/empreintes", []network.Role{network.RoleAdministrator, network.RoleOfficer}, "Empreintes", "Fingerprints"},
	{"/journal", []network.Role{network.RoleAdministrator, network.RoleOfficer}, "Toutes les actions", "All actions"},
	{"/journal.csv", []network.Role{network.RoleAdministrator, network.RoleOfficer}, "machine_at", "machine_at"},
	{"/ventes", []network.Role{network.RoleAccountant, network.RoleAdministrator}, "De la demande au chantier", "From request to job"},
	{"/ventes.csv", []network.Role{network.RoleAccountant, network.RoleAdministrator}, "excl_vat_eur", "excl_vat_eur"},
	{"/enregistrements", []network.Role{network.RoleSupervisor, network.RoleOfficer, network.RoleAdministrator}, "Chez l’opérateur", "At the operator"},
	{"/archiveur", []network.Role{network.RoleOfficer, network.RoleAdministrator, network.RoleLitigation, network.RoleModerator, network.RoleAccountant}, "Tiers archiveur", "Trusted archive"},
	{"/reglages", []network.Role{network.RoleAdministrator, network.RoleOfficer}, "Réglages en vigueur", "Settings in force"},
}

func TestStaffPages_areForTheirRolesInBothLanguages(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		p := h.Pro(t)
		req, _ := h.published(t)
		fill := strings.NewReplacer("{req}", req, "{pro}", p.Pro)
		for _, role := range network.Roles() {
			b := h.as(t, h.Staff(t, role))
			for _, page := range staffPages {
				path := fill.Replace(page.path)
				if page.roles != nil && !slices.Contains(page.roles, role) {
					if a := b.get(path); a.StatusCode != http.StatusForbidden {
						t.Errorf("%s: %s answers %d, want 403", role, page.path, a.StatusCode)
					}
					continue
				}
				for lang, words := range map[string]string{"fr": page.fr, "en": page.en} {
					b.header.Set("Accept-Language", lang)
					a := b.get(path)
					if a.StatusCode != http.StatusOK || !strings.Contains(a.body, words) {
						t.Errorf("%s in %s: %s answers %d, or does not say %q", role, lang, page.path, a.StatusCode, words)
					}
				}
				b.header.Del("Accept-Language")
			}
		}
		if text := h.log.String(); strings.Contains(text, "ERROR") {
			t.Error(text)
		}
	})
}

// Every address of the navigation that a role is shown opens for it: no link leads to a refusal.
func TestStaffPages_navigationKeepsItsWord(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		links := regexp.MustCompile(`<nav class="nav"[^>]*>(?s:.*?)</nav>`)
		href := regexp.MustCompile(`<a href="(/[a-z]+)"`)
		for _, role := range network.Roles() {
			b := h.as(t, h.Staff(t, role))
			nav := links.FindString(b.get("/aujourdhui").want(t, 200).body)
			found := 0
			for _, m := range href.FindAllStringSubmatch(nav, -1) {
				found++
				if a := b.get(m[1]); a.StatusCode >= 400 {
					t.Errorf("%s is shown %s, which answers %d", role, m[1], a.StatusCode)
				}
			}
			if found < 2 {
				t.Errorf("%s is shown %d links", role, found)
			}
		}
	})
}

func TestToday_gathersWhatIsDueAcrossRoles(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		buyer := h.Pro(t)
		h.Fund(t, buyer.Pro, money.Euros(100))
		soon := h.Pro(t, func(in *pro.Input) {
			in.Company, in.Until = "Assurance Brève", h.DB.Now().AddDate(0, 0, 20).Format(time.DateOnly)
		})
		h.Pro(t, func(in *pro.Input) { in.Company, in.Checked = "Pièces Manquantes", []string{"identity"} })
		sold, _ := h.published(t)
		b := h.as(t, buyer)
		b.post("/panier", url.Values{"request": {sold}, "then": {"buy"}}).to(t)
		b.post("/tableau/"+sold+"/acheter", h.buying(b.get("/tableau/"+sold).shown(t), "wallet")).to(t)
		h.Clock.Add(11 * time.Minute) // the first call is late
		h.Sweep(t)
		unsold, _ := h.published(t)
		waiting := h.asked(t)

		all := h.as(t, h.Staff(t, network.Roles()...)).get("/aujourdhui").want(t, 200)
		at := func(what string) int {
			t.Helper()
			i := strings.Index(all.body, what)
			if i < 0 {
				t.Fatalf("the page does not show %q", what)
			}
			return i
		}
		late, callBack, left := at("/demandes/"+sold), at("/rappels?c="+waiting), at("/invendus?c="+unsold)
		if !(late < callBack && callBack < left) {
			t.Error("the oldest clock does not come first")
		}
		at("Assurance Brève")
		at("Pièces Manquantes")
		at("n’a pas appelé")

		onboarding := h.as(t, h.Staff(t, network.RoleOnboarding)).get("/aujourdhui").want(t, 200)
		if strings.Contains(onboarding.body, waiting) || !strings.Contains(onboarding.body, "/pros/"+soon.Pro) {
			t.Error("a role sees what is another's, or not its own")
		}
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action IN ('request.read', 'pro.read') AND at > $1", db.Micros(h.DB.Now().Add(-time.Second))); n != 1 { // the rig's own, when it published
			t.Errorf("a page of titles left %d readings", n)
		}
	})
}

func TestToday_tellsTheIdleAndTheHouse(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		idle := h.Pro(t)
		if err := h.DB.Write(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO job (id, kind, object, state, due_at, attempt, error, created_at) VALUES ('job_x', 'invoice.render', 'inv_x', 'failed', 0, 24, 'out of paper', 0)")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		chief := h.Staff(t, network.RoleAdministrator)
		if page := h.as(t, chief).get("/aujourdhui").want(t, 200); strings.Contains(page.body, "sans achat depuis 3\u00a0mois") || !strings.Contains(page.body, "out of paper") {
			t.Error("a new professional counts as idle, or a failed job is not told")
		}
		h.Clock.Add(93 * 24 * time.Hour)
		b := h.as(t, chief)
		if page := b.get("/aujourdhui").want(t, 200); !strings.Contains(page.body, "sans achat depuis 3\u00a0mois") {
			t.Error("nobody is told of a professional who bought nothing for three months (ET-49)")
		}
		if page := b.get("/pros?state=idle").want(t, 200); !strings.Contains(page.body, idle.Pro) {
			t.Error("the list does not show who is idle")
		}
		if n := h.count(t, "SELECT count(*) FROM pro WHERE state = 'active'"); n != 1 {
			t.Error("the software decided by itself")
		}
	})
}

// proForm is a professional as staff type him.
func (h *house) proForm() url.Values {
	in := h.ProInput()
	form := url.Values{"company": {in.Company}, "siren": {in.SIREN}, "contact": {in.Contact}, "phone": {in.Phone}, "email": {in.Email}, "street": {in.Street}, "postcode": {rig.NimesPostcode}, "commune": {rig.Nimes},
		"lang": {"fr"}, "trades": {"plombier", "chauffagiste"}, "centre": {"Nîmes 30000"}, "radius": {"20"}, "insurance_until": {in.Until}, "registry_on": {in.Profile.RegistryOn}, "qualified.plombier": {pro.ByDiploma}, "qualified.chauffagiste": {pro.ByExperience}, "since.chauffagiste": {"2020-05-01"}}
	for _, k := range pro.Checks {
		form.Set("check-"+k, "yes")
	}
	return form
}

func TestPros_createdByStaffAfterChecks(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.as(t, h.Staff(t, network.RoleOnboarding))
		wrong := b.post("/pros/nouveau", url.Values{"company": {"X"}, "siren": {"123456789"}, "postcode": {"00000"}, "radius": {"beaucoup"}, "check-insurance": {"yes"}}).want(t, http.StatusUnprocessableEntity)
		for _, field := range []string{"postcode", "centre", "radius"} {
			if !wrong.fieldError(field) {
				t.Errorf("the page does not say what is wrong with %s", field)
			}
		}
		form := h.proForm()
		for _, k := range []string{"siren", "trades", "insurance_until"} {
			form.Del(k)
		}
		wrong = b.post("/pros/nouveau", form).want(t, http.StatusUnprocessableEntity)
		for _, field := range []string{"siren", "trades", "insurance_until"} {
			if !wrong.fieldError(field) {
				t.Errorf("the page does not say what is wrong with %s", field)
			}
		}

		form = h.proForm()
		form.Del("check-terms")
		path := b.post("/pros/nouveau", form).to(t)
		if page := b.get(path).want(t, 200); !strings.Contains(page.body, "En vérification") {
			t.Error("somebody with a check missing has access")
		}
		form.Set("check-terms", "yes")
		form.Set("radius", "35")
		b.post(path, form).to(t)
		page := b.get(path).want(t, 200)
		for _, x := range []string{"Actif", "35 km autour", `name="trades" value="chauffagiste" checked`} {
			if !strings.Contains(page.body, x) {
				t.Errorf("the file does not show %q", x)
			}
		}
		h.Drain(t)
		invitations := 0
		for _, m := range h.Post.Mails() {
			if m.To.Address == form.Get("email") && strings.Contains(m.Text, "/invitation/") {
				invitations++
			}
		}
		if invitations != 1 {
			t.Errorf("%d invitations were sent", invitations)
		}
		b.post(path+"/inviter", nil).to(t)
		h.Drain(t)
		if page := b.get(path).want(t, 200); !strings.Contains(page.body, "Une nouvelle invitation est envoyée") {
			t.Error("the second invitation is not confirmed")
		}
		if n := h.count(t, "SELECT count(*) FROM ticket WHERE kind = 'invitation' AND used_at = 0"); n != 1 {
			t.Errorf("%d invitations are good, want the newest", n)
		}
		again := h.proForm()
		again.Set("siren", form.Get("siren"))
		b.post("/pros/nouveau", again).want(t, http.StatusConflict)
	})
}

func TestPros_suspendedReopenedClosed(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		p := h.Pro(t)
		id, _ := h.published(t)
		his := h.as(t, p)
		his.post("/panier", url.Values{"request": {id}, "then": {"board"}}).to(t)
		b := h.as(t, h.Staff(t, network.RoleOnboarding))
		path := "/pros/" + p.Pro
		if a := b.post(path+"/suspendre", url.Values{"reason": {"mood"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("reason") {
			t.Error("a reason of nobody's is not refused beside its field")
		}
		b.post(path+"/suspendre", url.Values{"reason": {"payment"}}).to(t)
		if page := b.get(path).want(t, 200); !strings.Contains(page.body, "Suspendu : Contournement du paiement") {
			t.Error("the file does not say why")
		}
		if n := h.count(t, "SELECT count(*) FROM seat WHERE state = 'held'"); n != 0 {
			t.Error("a suspended professional still holds a seat")
		}
		b.post(path+"/reprendre", nil).to(t)
		if page := b.get(path).want(t, 200); !strings.Contains(page.body, "Actif") {
			t.Error("access is not open again")
		}

		// Ending for good asks who one is, and leads back.
		h.Clock.AddMachine(11 * time.Minute)
		if to := b.post(path+"/clore", url.Values{"close_reason": {"fraud"}}).to(t); to != "/confirmer?next="+url.QueryEscape(path) {
			t.Fatalf("a stale session is led to %s", to)
		}
		fresh := h.as(t, h.Staff(t, network.RoleOnboarding))
		if a := fresh.post(path+"/clore", url.Values{}).want(t, http.StatusUnprocessableEntity); !a.fieldError("close_reason") {
			t.Error("closing without a reason is not refused beside its field")
		}
		fresh.post(path+"/clore", url.Values{"close_reason": {"fraud"}}).to(t)
		if page := fresh.get(path).want(t, 200); !strings.Contains(page.body, "Accès fermé") || strings.Contains(page.body, path+"/suspendre") {
			t.Error("a closed access may still be suspended")
		}
		if a := his.get("/tableau"); a.StatusCode == http.StatusOK {
			t.Error("a closed account still reads the board")
		}
	})
}

func TestPros_whyNotAndTransfer(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		far := h.Pro(t, func(in *pro.Input) { in.Base, in.Profile.Base = "34172", "34172" })
		asked := h.Ask(t)
		h.Publish(t, asked.ID)
		path := "/pros/" + far.Pro
		agent := h.as(t, h.Agent(t))
		if page := agent.get(path+"?why="+asked.Ref).want(t, 200); !strings.Contains(page.body, "hors de votre rayon de 15\u00a0km") {
			t.Error("the file does not say why not him")
		}
		if page := agent.get(path+"?why=nothing").want(t, 200); !strings.Contains(page.body, "n’existe pas") {
			t.Error("an unknown reference is not told")
		}
		agent.post(path, h.proForm()).want(t, http.StatusForbidden)
		agent.post(path+"/virement", url.Values{"amount": {"50"}, "reference": {"VIR 1"}}).want(t, http.StatusForbidden)

		accountant := h.Staff(t, network.RoleAccountant)
		b := h.as(t, accountant)
		for _, c := range []struct{ amount, reference, field string }{{"cent", "VIR 1", "amount"}, {"0", "VIR 1", "amount"}, {"50", "x", "reference"}} {
			if a := b.post(path+"/virement", url.Values{"amount": {c.amount}, "reference": {c.reference}}).want(t, http.StatusUnprocessableEntity); !a.fieldError(c.field) {
				t.Errorf("%+v is not refused beside its field", c)
			}
		}
		for range 2 {
			b.post(path+"/virement", url.Values{"amount": {"1 250,50"}, "reference": {"VIR 2026-11"}}).to(t)
		}
		if page := b.get(path).want(t, 200); !strings.Contains(page.body, "1\u202f250,50") {
			t.Error("the wallet is not credited once")
		}
		h.Clock.AddMachine(11 * time.Minute)
		if to := b.post(path+"/virement", url.Values{"amount": {"50"}, "reference": {"VIR 3"}}).to(t); !strings.HasPrefix(to, "/confirmer?next=") {
			t.Errorf("a stale session is led to %s", to)
		}
		if n := h.count(t, "SELECT count(*) FROM wallet_entry WHERE kind = 'transfer'"); n != 1 {
			t.Errorf("%d transfers are recorded", n)
		}
	})
}

// Whoever records a transfer finds its professional by what the transfer says: his registry number or his name.
func TestPros_foundByWhatIsKnown(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		var in pro.Input
		who := h.Pro(t, func(x *pro.Input) { x.Company = "Zinguerie Élodie"; in = *x })
		h.Pro(t)
		b := h.as(t, h.Staff(t, network.RoleAccountant))
		for typed, found := range map[string]bool{in.SIREN: true, in.SIREN[:3] + " " + in.SIREN[3:]: true, "elodie": true, "552100554": false, "nobody": false, "a@b": false, "' OR 1": false} {
			page := b.get("/pros?"+url.Values{"nom": {typed}, "state": {"idle"}}.Encode()).want(t, http.StatusOK)
			if strings.Contains(page.body, "/pros/"+who.Pro) != found || strings.Count(page.body, `<a href="/pros/pro_`) > 1 {
				t.Errorf("%q: found or not, or another too", typed)
			}
		}
		h.as(t, h.Staff(t, network.RoleModerator)).get("/pros?nom=a@b").want(t, http.StatusForbidden)
	})
}

func TestPros_listFiltersAndPages(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for range 60 {
			h.Pro(t)
		}
		smith := h.Pro(t, func(in *pro.Input) { in.Company, in.Profile.Trades = "Clés d’Or", []string{"serrurier"} })
		b := h.as(t, h.Agent(t))
		seen := map[string]bool{}
		pages := 0
		for path := "/pros"; path != "" && pages < 10; pages++ {
			page := b.get(path).want(t, 200)
			for _, m := range regexp.MustCompile(`href="/pros/(pro_[0-9a-z]+)"`).FindAllStringSubmatch(page.body, -1) {
				if seen[m[1]] {
					t.Fatalf("%s is listed twice", m[1])
				}
				seen[m[1]] = true
			}
			path = ""
			if m := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(page.body); m != nil {
				path = strings.ReplaceAll(m[1], "&amp;", "&")
			}
		}
		if len(seen) != 61 || pages != 2 {
			t.Errorf("%d professionals on %d pages", len(seen), pages)
		}
		if page := b.get("/pros?trade=serrurier").want(t, 200); strings.Count(page.body, `href="/pros/pro_`) != 1 || !strings.Contains(page.body, smith.Pro) {
			t.Error("the filter of trades does not hold")
		}
		for _, odd := range []string{"/pros?avant=x.y", "/pros?avant=1", "/pros?state=nonsense", "/pros?trade=%27"} {
			if a := b.get(odd); a.StatusCode >= 500 {
				t.Errorf("%s answers %d", odd, a.StatusCode)
			}
		}
	})
}

func TestTeam_invitesEditsAndKeepsAnAdministrator(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		chief := h.Staff(t, network.RoleAdministrator)
		b := h.as(t, chief)
		if a := b.post("/equipe", url.Values{"name": {"A"}, "email": {"nobody"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("name") || !a.fieldError("email") || !a.fieldError("roles") {
			t.Error("an empty invitation is not refused field by field")
		}
		page := b.post("/equipe", url.Values{"name": {"Nour Essai"}, "email": {"nour@example.com"}, "roles": {"agent", "onboarding"}}).want(t, 200)
		link := value(t, page.body, `https://[^/]*(/invitation/[A-Za-z0-9_-]+)`)
		if again := b.get("/equipe").want(t, 200); strings.Contains(again.body, link) {
			t.Error("the link is shown twice")
		}
		h.Drain(t)
		mailed := ""
		for _, m := range h.Post.Mails() {
			if m.To.Address == "nour@example.com" {
				mailed = m.Text
			}
		}
		if !strings.Contains(mailed, link) {
			t.Error("the invitation was not sent")
		}
		h.at(t, h.Network.SpaceHost).get(link).want(t, 200)

		id := value(t, page.body, `action="/equipe/(acc_[0-9a-z]+)/inviter"`)
		second := value(t, b.post("/equipe/"+id+"/inviter", nil).want(t, 200).body, `https://[^/]*(/invitation/[A-Za-z0-9_-]+)`)
		h.at(t, h.Network.SpaceHost).get(link).want(t, http.StatusGone)
		h.at(t, h.Network.SpaceHost).get(second).want(t, 200)
		b.post("/equipe", url.Values{"name": {"Nour Deux"}, "email": {"nour@example.com"}, "roles": {"agent"}}).want(t, http.StatusConflict)

		b.post("/equipe/"+id, url.Values{"roles": {"agent"}, "trades": {"plombier"}, "trained": {"2026-01-05"}}).to(t)
		if page := b.get("/equipe").want(t, 200); !strings.Contains(page.body, `value="2026-01-05"`) {
			t.Error("the training is not noted")
		}
		if a := b.post("/equipe/"+id, url.Values{"trained": {"hier"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("roles") || !a.fieldError("trained") {
			t.Error("no role and a date of nowhere are not refused")
		}

		// The last administrator stays one and stays in.
		for _, try := range []func() answer{
			func() answer { return b.post("/equipe/"+chief.Account, url.Values{"roles": {"agent"}}) },
			func() answer { return b.post("/equipe/"+chief.Account+"/desactiver", nil) },
		} {
			try().to(t)
			if page := b.get("/equipe").want(t, 200); !strings.Contains(page.body, "Nommez d’abord un autre administrateur") {
				t.Error("the last administrator is not told to name another")
			}
		}
		colleague := h.Agent(t)
		hers := h.as(t, colleague)
		b.post("/equipe/"+colleague.Account+"/desactiver", nil).to(t)
		if to := hers.get("/appels").to(t); !strings.HasPrefix(to, "/connexion") {
			t.Errorf("a closed account is led to %s", to)
		}
		b.post("/equipe/"+colleague.Account+"/reactiver", nil).to(t)

		h.Clock.AddMachine(11 * time.Minute)
		for _, path := range []string{"/equipe", "/equipe/" + id, "/equipe/" + id + "/inviter", "/equipe/" + id + "/desactiver", "/equipe/" + id + "/reactiver"} {
			if to := b.post(path, nil).to(t); to != "/confirmer?next=%2Fequipe" {
				t.Errorf("%s leads a stale session to %s", path, to)
			}
		}
	})
}

func TestPermissions_printsTheTableThatIsEnforced(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		page := h.as(t, h.Staff(t, network.RoleMarketing)).get("/permissions").want(t, 200)
		yes := strings.Count(page.body, `aria-label="oui"`)
		want := 0
		for _, a := range auth.Actions() {
			want += len(auth.Holders(a))
			if strings.Contains(page.body, ">"+string(a)+"<") {
				t.Errorf("%s has no words", a)
			}
		}
		if yes != want {
			t.Errorf("the page shows %d permissions, the table has %d", yes, want)
		}
	})
}

func TestJournal_filtersPagesAndExports(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		evil := h.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}, Name: "=HYPERLINK(1)"})
		id, _ := h.published(t)
		for i := range 130 {
			if err := h.DB.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec("INSERT INTO audit (id, at, machine_at, actor, role, action, object, outcome, detail) VALUES ($1, $2, $2, $3, 'agent', 'note.test', $4, 'done', '=cmd|x')",
					fmt.Sprintf("aud_%03d", i), db.Micros(tx.Now()), evil.Account, id)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		officer := h.Staff(t, network.RoleOfficer)
		b := h.as(t, officer)
		lines, pages := 0, 0
		for path := "/journal?what=note.test"; path != "" && pages < 5; pages++ {
			page := b.get(path).want(t, 200)
			lines += strings.Count(page.body, "<td>note.test</td>")
			path = ""
			if m := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(page.body); m != nil {
				path = strings.ReplaceAll(m[1], "&amp;", "&")
			}
		}
		if lines != 130 || pages != 2 {
			t.Errorf("%d lines on %d pages", lines, pages)
		}
		for _, filter := range []string{"what=request.", "on=" + id, "who=" + evil.Account} {
			if page := b.get("/journal?"+filter).want(t, 200); !strings.Contains(page.body, "<td class=\"at\">") {
				t.Errorf("%s finds nothing", filter)
			}
		}
		if page := b.get("/journal?who=acc_nobody").want(t, 200); !strings.Contains(page.body, "Aucune ligne") {
			t.Error("nobody did something")
		}

		file := b.get("/journal.csv?what=note.test").want(t, 200)
		if file.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(file.Header.Get("Content-Disposition"), `attachment; filename="journal-`) {
			t.Errorf("the export says %q, %q", file.Header.Get("Content-Type"), file.Header.Get("Content-Disposition"))
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 131 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, row := range rows[1:] {
			for _, cell := range row {
				if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
					t.Fatalf("the cell %q would run in a spreadsheet", cell)
				}
			}
		}
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'audit.export' AND actor = $1", officer.Account); n != 1 {
			t.Errorf("%d exports are on record", n)
		}
		h.Clock.AddMachine(11 * time.Minute)
		if to := b.get("/journal.csv").to(t); !strings.HasPrefix(to, "/confirmer?next=") {
			t.Errorf("a stale session is led to %s", to)
		}
	})
}

func TestJournal_blocksAnAddress(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		officer := h.as(t, h.Staff(t, network.RoleOfficer))
		form := url.Values{"address": {"203.0.113.77"}, "days": {"7"}, "reason": {"Robots"}}
		officer.post("/journal/adresses", form).want(t, http.StatusForbidden)
		b := h.as(t, h.Staff(t, network.RoleAdministrator))
		if a := b.post("/journal/adresses", url.Values{"address": {"chez moi"}, "days": {"400"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("address") || !a.fieldError("days") || !a.fieldError("reason") {
			t.Error("a wrong block is not refused field by field")
		}
		b.post("/journal/adresses", form).to(t)
		in := h.AskInput()
		in.Address = "203.0.113.77"
		visitor := auth.Actor{Who: auth.Visitor, Lang: "fr"}
		if _, err := h.Requests.Submit(context.Background(), visitor, in); err == nil {
			t.Error("a blocked address still asks")
		}
		h.Clock.Add(8 * 24 * time.Hour)
		if _, err := h.Requests.Submit(context.Background(), visitor, in); err != nil {
			t.Errorf("a block outlives its days: %v", err)
		}
		if n := h.count(t, "SELECT count(*) FROM audit WHERE detail LIKE '%203.0.113%' OR object LIKE '%203.0.113%'"); n != 0 {
			t.Error("the trail holds an address")
		}
	})
}

func TestSales_figuresAreThoseOfTheSales(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		buyer := h.Pro(t)
		h.Fund(t, buyer.Pro, money.Euros(300))
		b := h.as(t, buyer)
		var excl money.Amount
		for i := range 3 {
			id := h.asked(t)
			h.Clock.Add(4 * time.Minute)
			h.Publish(t, id)
			h.Drain(t)
			b.post("/panier", url.Values{"request": {id}, "then": {"buy"}}).to(t)
			price := b.get("/tableau/" + id).shown(t)
			excl += price
			to := b.post("/tableau/"+id+"/acheter", h.buying(price, "wallet")).to(t)
			if i < 2 {
				h.Clock.Add(3 * time.Minute)
				b.post(to+"/suivi", url.Values{"outcome": {"reached"}}).to(t)
			}
		}
		h.asked(t)
		page := h.as(t, h.Staff(t, network.RoleAccountant)).get("/ventes").want(t, 200)
		for _, x := range []string{">4</dd>", ">3</dd>", excl.FR(), "4\u00a0min\u00a00\u00a0s", "3\u00a0min\u00a00\u00a0s", "10\u00a0minutes, tenu"} {
			if !strings.Contains(page.body, x) {
				t.Errorf("the page does not show %q", x)
			}
		}
		file := h.as(t, h.Staff(t, network.RoleAccountant)).get("/ventes.csv").want(t, 200)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 31 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if last := rows[30]; last[1] != "4" || last[2] != "3" || last[3] != excl.Decimal() {
			t.Errorf("the file says %q", last)
		}
		for _, odd := range []string{"?from=x&to=y", "?from=2026-12-31&to=2020-01-01", "?from=0001-01-01", "?to=9999-12-31"} {
			if a := h.as(t, h.Staff(t, network.RoleAccountant)).get("/ventes" + odd); a.StatusCode != http.StatusOK {
				t.Errorf("%s answers %d", odd, a.StatusCode)
			}
		}
	})
}
