package network

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"entremise/internal/fault"
)

// european are the countries of the European Economic Area and those that the Commission found adequate without conditions (GDPR
// art. 45); data sent elsewhere needs a safeguard (art. 46).
var european = strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO CH GB JP KR NZ IL AR UY AD FO GG IM JE")

func (c *checker) purposes() {
	c.deeds()
	for _, p := range c.n.Purposes {
		path := "purposes." + p.ID
		switch k := p.Keep; {
		case k == nil:
			c.told["keep."+p.ID] = true
			c.wrong(path, "« keep » manque : combien de temps ces données sont-elles gardées ? Écrivez par exemple keep: {for: 6 months, at_end: erase}.",
				`"keep" is missing: how long is this data kept? Write for example keep: {for: 6 months, at_end: erase}.`)
		default:
			c.keep(path+".keep", p, *k)
		}
		switch {
		case p.Basis == BasisLegitimate && p.Balance == "":
			c.wrong(path, "l’intérêt légitime demande une mise en balance écrite : ajoutez « balance » et le nom d’un texte de texts/fr (RGPD art. 6.1 f).",
				`legitimate interest asks for a written balance: add "balance" and the name of a text in texts/fr (GDPR art. 6.1 f).`)
		case p.Basis != BasisLegitimate && p.Balance != "":
			c.wrong(path+".balance", "« balance » n’a de sens qu’avec basis: legitimate-interest : retirez-la.", `"balance" makes sense only with basis: legitimate-interest: remove it.`)
		case p.Balance != "" && c.n.texts["fr"][p.Balance] == "":
			c.wrong(path+".balance", "le texte texts/fr/%s.md manque : écrivez la mise en balance.", "the text texts/fr/%s.md is missing: write the balance.", p.Balance)
		}
		_, panel := c.n.Cookies.Purpose(p.ID) // a cookie purpose of the same name is asked on the cookie panel
		if p.Basis == BasisConsent && !panel && !slices.ContainsFunc(c.n.Consents, func(k Consent) bool { return k.Purpose == p.ID && k.Kind == KindConsent }) {
			c.wrong(path, "cette finalité repose sur le consentement et aucune case ne le demande : ajoutez-en une dans consents, ou changez la base.",
				"this purpose rests on consent and no box asks for it: add one to consents, or change the basis.")
		}
	}
	for _, need := range []struct {
		who  Person
		data []Category
		ok   bool
	}{
		{Consumer, []Category{DataIdentity, DataContact, DataPlace, DataNeed, DataMessages, DataConsent}, true},
		{Professional, []Category{DataIdentity, DataContact, DataBusiness, DataAccount, DataActivity, DataMessages}, hasPros(c.n)},
		{Professional, []Category{DataConsent}, c.n.Forwards()},
		{Professional, []Category{DataBilling}, sells(c.n)},
		{Staff, []Category{DataIdentity, DataContact, DataAccount}, true},
		{Partner, []Category{DataAccount}, true},
		{Consumer, []Category{DataOpinion}, reviewing(c.n)},
		{Consumer, []Category{DataRecording}, c.n.Modules.Recordings != nil},
		{Requester, []Category{DataCase, DataMessages}, c.n.Rights != nil || c.n.Inbox != nil},
		{Requester, []Category{DataOversight}, c.n.Oversight != nil},
		{Author, []Category{DataIdentity, DataContact, DataExperience, DataOpinion, DataMessages, DataConsent, DataDocuments}, collectsReviews(c.n)},
		{Visitor, []Category{DataIdentity, DataContact, DataMessages}, collectsReviews(c.n)},
	} {
		for _, d := range need.data {
			if need.ok && len(c.n.PurposesFor(need.who, d)) == 0 {
				c.wrong("purposes", "le logiciel garde « %s » (%s) et aucune finalité ne le dit : ajoutez cette catégorie aux données d’une finalité.",
					"the software keeps %q (%s) and no purpose says so: add this category to the data of a purpose.", d, need.who)
			}
		}
	}
}

func (c *checker) recipients() {
	used := map[string]bool{}
	for _, p := range c.n.Purposes {
		for _, r := range p.Recipients {
			used[r] = true
			if _, ok := c.n.Recipient(r); !ok {
				c.wrong("purposes."+p.ID+".recipients", "« %s » n’est pas dans recipients : ajoutez-le là ou corrigez le nom.", "%q is not in recipients: add it there or correct the name.", r)
			}
		}
		c.shared(p)
	}
	for _, t := range c.n.Cookies.Trackers {
		used[t.By] = true
	}
	buyers := 0
	for _, r := range c.n.Recipients {
		path := "recipients." + r.ID
		if !used[r.ID] {
			c.wrong(path, "aucune finalité ne transmet de données à ce destinataire : citez-le dans une finalité ou retirez-le.", "no purpose passes data to this recipient: name it in a purpose or remove it.")
		}
		if r.Role == RecipientBuyer && used[r.ID] {
			buyers++
		}
		if r.Role == RecipientProcessor && r.Contract == "" {
			c.wrong(path, "un sous-traitant n’agit que sous contrat (RGPD art. 28.3) : ajoutez « contract » et sa référence.", `a processor acts under a contract only (GDPR art. 28.3): add "contract" and its reference.`)
		}
		c.gets(r)
		c.verifiers(r)
		if r.Policy != "" && !strings.HasPrefix(r.Policy, "https://") {
			c.wrong(path+".policy", "« %s » n’est pas une adresse : écrivez-la avec https://.", "%q is no address: write it with https://.", clip(r.Policy))
		}
		if !slices.Contains(european, r.Country) && r.Safeguard == "" {
			c.wrong(path+".country", "« %s » n’est pas un pays au niveau de protection reconnu : ajoutez « safeguard », par exemple standard-clauses (RGPD art. 46), ou corrigez le code.",
				`%q is not a country with a recognised level of protection: add "safeguard", for example standard-clauses (GDPR art. 46), or correct the code.`, clip(r.Country))
		}
	}
	switch {
	case sells(c.n) && buyers == 0:
		c.wrong("modules.sale", "les demandes sont vendues, mais aucune finalité n’a de destinataire au rôle buyer : ajoutez l’acheteur à recipients et à la finalité, ou écrivez sale: off.",
			"introductions are sold, but no purpose has a recipient with the role buyer: add the buyer to recipients and to the purpose, or write sale: off.")
	case c.n.Modules.Sale == SaleOff && buyers > 0:
		c.wrong("modules.sale", "rien n’est vendu (sale: off), mais un destinataire a le rôle buyer : retirez-le.", "nothing is sold (sale: off), but a recipient has the role buyer: remove it.")
	}
}

// shared checks who else decides on a purpose, and whether the network's own promises let its recipients have the data (RN-05, 80; AQ-50).
func (c *checker) shared(p Purpose) {
	path := "purposes." + p.ID
	if j := p.Joint; j != nil {
		r, ok := c.n.Recipient(j.With)
		if !ok || r.Role != RecipientController || !slices.Contains(p.Recipients, j.With) {
			c.wrong(path+".joint.with", "« %s » doit être un destinataire de cette finalité, au rôle controller.", "%q must be a recipient of this purpose, with the role controller.", clip(j.With))
		}
		if c.n.texts["fr"][j.Arrangement] == "" {
			c.wrong(path+".joint.arrangement", "le texte texts/fr/%s.md manque : écrivez les grandes lignes de l’accord (RGPD art. 26.2).", "the text texts/fr/%s.md is missing: write the essence of the arrangement (GDPR art. 26.2).", clip(j.Arrangement))
		}
	}
	public := p.Keep != nil && p.Keep.While == WhilePublished // what anybody may read
	for _, id := range p.Recipients {
		r, ok := c.n.Recipient(id)
		third := r.Role == RecipientController && (p.Joint == nil || p.Joint.With != id) || r.Role == RecipientBuyer
		if ok && third && c.n.Modules.ThirdParties == ThirdPartiesConsent && p.Basis != BasisConsent && !public {
			c.wrong(path+".recipients", "« %s » n’est ni sous-traitant ni responsable conjoint, et ce réseau ne transmet à d’autres qu’avec l’accord de la personne (modules.third_parties) : changez la base, ou retirez-le.",
				"%q is neither a processor nor a joint controller, and this network passes data to others with the person's agreement only (modules.third_parties): change the basis, or remove it.", id)
		}
		if ok && !slices.Contains(european, r.Country) && c.n.Modules.Transfers == TransfersDigests && !r.Digests {
			c.wrong(path+".recipients", "« %s » est hors de l’Union, où ce réseau n’envoie que des empreintes (modules.transfers) : ajoutez digests: true à ce destinataire, ou retirez-le.",
				"%q is outside the Union, where this network sends digests only (modules.transfers): add digests: true to that recipient, or remove it.", id)
		}
	}
}

func (c *checker) modules() {
	m := c.n.Modules
	if m.Sale == SaleRouted {
		c.notYet("modules.sale", "l’envoi aux fournisseurs. Les demandes arrivent, un conseiller les traite, et rien n’est transmis.", "sending to suppliers. Requests arrive, an agent works on them, and nothing is passed on.")
	}
	if m.Accounts != nil {
		c.notYet("modules.accounts", "l’espace personnel des particuliers : personne ne peut en ouvrir un.", "consumers' own spaces: nobody can open one.")
	}
	if m.Qualification == QualificationAutomatic && m.AutomatedDecisions == nil {
		c.wrong("modules.qualification", "publier sans conseiller est une décision automatique : déclarez modules.automated_decisions, ou écrivez agent.",
			"publishing without an agent is an automated decision: declare modules.automated_decisions, or write agent.")
	}
	if a := m.AutomatedDecisions; a != nil && a.Basis == BasisLegitimate {
		c.wrong("modules.automated_decisions.basis", "une décision automatique ne peut pas reposer sur l’intérêt légitime (RGPD art. 22.2) : écrivez contract, consent ou legal-obligation.",
			"an automated decision cannot rest on legitimate interest (GDPR art. 22.2): write contract, consent or legal-obligation.")
	}
	r := m.Recordings
	if r == nil {
		return
	}
	if r.Document == RecordedEvery || r.Record > 5000 {
		said := map[Recorded]fault.Text{RecordedEvery: fault.T("chaque appel est enregistré", "every call is recorded"), RecordedShare: fault.T("une part des appels est enregistrée", "a share of calls is recorded")}[r.Document]
		c.law("modules.recordings", fault.T("RGPD art. 5.1 c, CNIL (jamais permanent ni systématique)", "GDPR art. 5.1 c, CNIL (never permanent or systematic)"), said,
			fault.T("une part de "+r.Record.FR(), "a share of "+r.Record.FR()))
	}
	if !r.Announce {
		c.wrong("modules.recordings.announce", "un enregistrement s’annonce avant de commencer (RGPD art. 13) : écrivez announce: true.", "a recording is announced before it begins (GDPR art. 13): write announce: true.")
	}
	if c.n.Call.Announcement.FR == "" || c.n.Call.Refusal.FR == "" {
		c.wrong("call", "les appels peuvent être enregistrés : écrivez « announcement » et « refusal ».", `calls may be recorded: write "announcement" and "refusal".`)
	}
}

func (c *checker) consents() {
	requests := 0
	for i, k := range c.n.Consents {
		path := "consents." + k.ID
		p, ok := c.n.Purpose(k.Purpose)
		switch {
		case !ok:
			c.wrong(path+".purpose", "« %s » n’est pas une finalité de purposes.", "%q is not a purpose of purposes.", k.Purpose)
		case k.Kind == KindConsent && p.Basis != BasisConsent:
			c.wrong(path, "la finalité « %s » ne repose pas sur le consentement : une case n’y changerait rien. Changez « kind », ou la base de la finalité.",
				`the purpose %q does not rest on consent: a box would change nothing. Change "kind", or the basis of the purpose.`, k.Purpose)
		}
		// Without the agreement to use a request for what it asks there is nothing to do; any other agreement beside it must be free.
		if own := slices.Contains(p.Data, DataNeed) || slices.Contains(p.Data, DataMessages); k.Kind == KindConsent && k.Required && !own {
			c.wrong(path+".required", "un consentement obligatoire n’est pas libre (RGPD art. 7.4) : retirez « required ».", `a compulsory consent is not free (GDPR art. 7.4): remove "required".`)
		}
		if k.AskedOn == AskedOnQuestionnaire && c.n.Reviews == nil {
			c.notYet(path+".asked_on", "ce formulaire n’existe pas encore : cette case n’est demandée à personne.", "that form does not exist yet: nobody is asked this box.")
		}
		if k.Kind == KindConsent && slices.Contains(k.Channels, ChannelPhone) && (k.Valid.IsZero() || k.Valid.approx() > (Duration{1, UnitYear}).approx()) {
			c.wrong(path+".valid", "un consentement au démarchage téléphonique vaut un an au plus (C. conso. R223-1) : écrivez valid: 1 year ou moins.",
				"consent to commercial calls lasts one year at most (C. conso. R223-1): write valid: 1 year or less.")
		}
		if r, ok := c.n.Recipient(k.Recipient); k.Recipient != "" && (!ok || !strings.Contains(plainWording(k.Wording.FR), plainWording(r.Label.FR))) {
			c.wrong(path+".recipient", "la phrase doit nommer ce destinataire de recipients, avec les mots de son « label » : un partenaire que la personne n’a pas lu ne peut pas s’en prévaloir (C. conso. R223-1).",
				`the sentence must name this recipient of recipients, in the words of its "label": a partner whom the person did not read about cannot rely on it (C. conso. R223-1).`)
		}
		if slices.ContainsFunc(c.n.Consents[:i], func(o Consent) bool { return o.AskedOn == k.AskedOn && o.Wording.FR == k.Wording.FR }) {
			c.wrong(path+".wording", "deux cases ont la même phrase : chaque choix se demande à part.", "two boxes have the same sentence: each choice is asked apart.")
		}
		if k.Kind == KindRequest && k.AskedOn == AskedOnForm && k.Required {
			requests++
		}
	}
	if passes(c.n) && requests != 1 {
		c.wrong("consents", "le formulaire doit contenir une case obligatoire de genre request, par laquelle la personne demande à être appelée (C. conso. R223-4) ; il y en a %d.",
			"the form must hold one required box of kind request, by which the person asks to be called (C. conso. R223-4); it has %d.", requests)
	}
}

func plainWording(s string) string { return strings.ToLower(Plain(s)) }

func (c *checker) forms() {
	for _, name := range slices.Sorted(maps.Keys(c.n.forms)) {
		f := c.n.forms[name]
		wrong := func(path, fr, en string, args ...any) {
			c.add(Mistake, "forms/"+name+".yaml", path, fault.Tf(fr, en, args...))
		}
		photos := 0
		for i, q := range f.Questions {
			path := "questions." + q.ID
			if len(c.n.PurposesFor(Consumer, q.Data)) == 0 && (q.Data != DataOpinion || c.n.Reviews == nil) {
				wrong(path, "ce formulaire demande « %s » (%s), qu’aucune finalité ne couvre : ajoutez la catégorie aux données d’une finalité, ou retirez la question.",
					"this form asks for %q (%s), which no purpose claims: add the category to the data of a purpose, or drop the question.", q.ID, q.Data)
			}
			choice := q.Kind == KindChoice || q.Kind == KindChoices
			switch {
			case choice && len(q.Options) < 2:
				wrong(path, "un choix demande au moins deux « options ».", `a choice needs at least two "options".`)
			case !choice && len(q.Options) > 0:
				wrong(path+".options", "seuls choice et choices ont des « options » : changez « kind » ou retirez-les.", `only choice and choices have "options": change "kind" or remove them.`)
			}
			switch q.Kind {
			case KindNumber:
				if q.Unit.FR == "" || q.Min >= q.Max {
					wrong(path, "un nombre demande « unit », et « min » plus petit que « max ».", `a number needs "unit", and "min" smaller than "max".`)
				}
			case KindMark:
				if !c.n.Reviews.asks(name) {
					wrong(path, "une note se demande dans un questionnaire de « reviews », pas dans une demande.", `a mark is asked in a questionnaire of "reviews", not in a request.`)
				}
			case KindText:
				if q.Max < 1 || q.Max > 4000 {
					wrong(path, "un texte demande « max », entre 1 et 4000 caractères.", `a text needs "max", between 1 and 4000 characters.`)
				}
			case KindPhotos:
				photos += q.Max
				if q.Max < 1 || photos > c.n.Limits.Photos {
					wrong(path, "le nombre de photos (« max ») doit être entre 1 et limits.photos (%d).", `the number of photos ("max") must be between 1 and limits.photos (%d).`, c.n.Limits.Photos)
				}
			}
			if q.ShownToPros && (q.Kind == KindText || q.Kind == KindPhotos) {
				wrong(path+".shown_to_pros", "un texte libre ou une photo peut montrer un nom ou une adresse : jamais avant l’achat. Retirez « shown_to_pros ».",
					`free text or a photo may show a name or an address: never before the purchase. Remove "shown_to_pros".`)
			}
			for _, t := range q.When {
				earlier, ok := find(f.Questions[:i], func(e Question) bool { return e.ID == t.Question })
				switch {
				case !ok:
					wrong(path+".when", "la condition dépend de « %s », qui n’est pas posée avant : corrigez le nom ou changez l’ordre.", "the condition depends on %q, which is not asked before: correct the name or change the order.", t.Question)
				case !earlier.takes(t.OneOf):
					wrong(path+".when", "« %s » n’a pas toutes les réponses %s : corrigez la condition.", "%q does not have all the answers %s: correct the condition.", t.Question, strings.Join(t.OneOf, ", "))
				}
			}
		}
	}
}

func (c *checker) wordings() {
	need := func(path string, have []Wording, ids ...string) {
		for _, id := range ids {
			if wording(have, id).FR == "" {
				c.wrong(path, "« %s » manque : écrivez cette phrase.", "%q is missing: write this sentence.", id)
			}
		}
	}
	need("notices", c.n.Notices, "free", "transfer", "no-exclusivity", "intermediary")
	if sells(c.n) {
		need("notices", c.n.Notices, "no-guarantee", "economic-dependence", "client-data")
		need("buying_confirmations", c.n.Buying, "near", "free-soon", "able")
	}
	if hasPros(c.n) && len(c.n.Suspensions) == 0 {
		c.wrong("suspension_reasons", "un accès ne se suspend qu’avec un motif (règlement 2019/1150, art. 4) : écrivez-en la liste.",
			"an access is suspended only with a ground (Reg. 2019/1150, art. 4): write the list.")
	}
	if len(c.n.Withdrawals) == 0 {
		c.wrong("withdrawal_reasons", "une demande ne se retire qu’avec un motif, que le client reçoit : écrivez-en la liste.",
			"a request is withdrawn only with a reason, which the consumer is told: write the list.")
	}
	known := func(path string, t fault.Text, vars ...string) {
		for _, v := range unknownVars(t, vars) {
			if c.told[v] {
				continue
			}
			c.wrong(path, "{%s} n’est pas connu ici. Peuvent s’écrire : %sles chiffres du fichier, tels que {keep.introduce}.",
				"{%s} is not known here. What may stand here: %sfigures of the file, such as {keep.introduce}.", v, strings.Join(append(braces(vars), ""), ", "))
		}
	}
	for _, list := range []struct {
		path string
		ws   []Wording
	}{{"notices", c.n.Notices}, {"buying_confirmations", c.n.Buying}, {"suspension_reasons", c.n.Suspensions}, {"withdrawal_reasons", c.n.Withdrawals}} {
		for _, w := range list.ws {
			known(list.path+"."+w.ID, w.Text)
		}
	}
	for _, w := range c.n.AgentTexts {
		known("agent_texts."+w.ID, w.Text, agentVars...)
		c.sms("agent_texts."+w.ID, w.Text)
	}
	for i, s := range c.n.Sites {
		known("sites."+strconv.Itoa(i+1)+".tagline", s.Tagline)
	}
	for _, k := range c.n.Consents {
		known("consents."+k.ID+".wording", k.Wording)
	}
	known("call.announcement", c.n.Call.Announcement, "site")
	known("call.refusal", c.n.Call.Refusal, "site")
	for _, s := range c.n.Call.Steps {
		known("call.steps."+s.ID, s.Text, "site")
	}
}

// unknownVars lists the variables in either language that are none of vars; figures are already filled in by Load.
func unknownVars(t fault.Text, vars []string) []string {
	var out []string
	for _, m := range variable.FindAllString(t.FR+t.EN, -1) {
		if v := m[1 : len(m)-1]; !slices.Contains(vars, v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func braces(vars []string) []string {
	out := make([]string, len(vars))
	for i, v := range vars {
		out[i] = "{" + v + "}"
	}
	return out
}

func (c *checker) messages() {
	for _, m := range c.n.Messages {
		path := "messages." + m.Key
		k, ok := MessageKeyOf(m.Key)
		if !ok {
			c.wrong(path, "le logiciel n’envoie aucun message « %s » : retirez-le ou corrigez le nom.", "the software sends no message %q: remove it or correct the name.", m.Key)
			continue
		}
		for _, part := range []struct {
			name string
			text fault.Text
			want bool
		}{{"sms", m.SMS, k.SMS}, {"subject", m.Subject, k.Email}, {"email", m.Email, k.Email}} {
			at := path + "." + part.name
			switch {
			case part.want && part.text.FR == "":
				c.wrong(path, "« %s » manque : ce message part aussi par ce canal.", "%q is missing: this message is sent that way too.", part.name)
			case !part.want && part.text.FR != "":
				c.wrong(at, "ce message ne part pas par ce canal : retirez « %s ».", "this message is not sent that way: remove %q.", part.name)
			}
			for _, v := range unknownVars(part.text, k.Vars) {
				c.wrong(at, "{%s} n’est pas connu dans ce message. Peuvent s’écrire : %s.", "{%s} is not known in this message. What may stand here: %s.", v, strings.Join(braces(k.Vars), " "))
			}
		}
		c.sms(path+".sms", m.SMS)
		if k.To == Consumer && slices.Contains(k.Vars, "stop") && !strings.Contains(m.SMS.FR, "{stop}") {
			c.wrong(path+".sms", "ce SMS doit dire comment ne plus en recevoir : ajoutez {stop}.", "this text must say how to stop: add {stop}.")
		}
	}
	for _, k := range messageKeys {
		if k.need != nil && !k.need(c.n) {
			continue
		}
		if !slices.ContainsFunc(c.n.Messages, func(m Message) bool { return m.Key == k.Key }) {
			c.wrong("messages", "le message « %s » manque : écrivez-le, avec %s au besoin.", "the message %q is missing: write it, with %s as needed.", k.Key, strings.Join(braces(k.Vars), " "))
		}
	}
}

// sms remarks on letters that make a text cost twice, although it leaves the house folded.
func (c *checker) sms(path string, t fault.Text) {
	for _, s := range []string{t.FR, t.EN} {
		plain := Plain(s)
		if i := beyondGSM7(plain); i >= 0 {
			r := []rune(plain[i:])[0]
			c.remark(path, "la lettre « %c » fait compter ce SMS en parts de 70 caractères au lieu de 160 : évitez-la.", "the letter %q makes this text count in parts of 70 characters instead of 160: avoid it.", r)
			return
		}
	}
}

func (c *checker) texts() {
	want := []string{"terms"}
	if sells(c.n) {
		want = append(want, "pro-terms", "charter")
	}
	for _, name := range want {
		if c.n.texts["fr"][name] == "" {
			c.add(Mistake, "texts/fr/"+name+".md", "", fault.T("ce texte manque : écrivez-le.", "this text is missing: write it."))
		}
	}
	for _, lang := range slices.Sorted(maps.Keys(c.n.texts)) {
		for _, name := range slices.Sorted(maps.Keys(c.n.texts[lang])) {
			file := "texts/" + lang + "/" + name + ".md"
			if c.n.texts["fr"][name] == "" {
				c.add(Mistake, file, "", fault.T("le texte français manque : il fait foi, écrivez-le dans texts/fr.", "the French text is missing: it prevails, write it in texts/fr."))
			}
			for i, line := range strings.Split(c.n.texts[lang][name], "\n") {
				for _, m := range variable.FindAllString(line, -1) {
					c.figure(file, i+1, lang, m)
				}
			}
		}
	}
}

// figure notes what is wrong with a variable of a text.
func (c *checker) figure(file string, line int, lang, m string) {
	name := m[1 : len(m)-1]
	if _, ok := c.n.Figure(lang, name); ok || c.told[name] {
		return
	}
	say := fault.Tf("%s n’est pas un chiffre du fichier : corrigez le nom (par exemple {keep.introduce} ou {price.max}).",
		"%s is no figure of the file: correct the name (for example {keep.introduce} or {price.max}).", m)
	if figures[name] != nil {
		say = fault.Tf("%s n’a pas de valeur dans network.yaml : donnez-lui-en une, ou retirez-le du texte.",
			"%s has no value in network.yaml: give it one, or take it out of the text.", m)
	}
	c.probs = append(c.probs, Problem{Mistake, file, line, "", say})
}
