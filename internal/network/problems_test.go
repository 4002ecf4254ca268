package network_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"entremise/internal/network"
	"entremise/networks"
)

// files is a copy of the embedded network that a test may spoil.
func files(t testing.TB) fstest.MapFS {
	t.Helper()
	return filesOf(t, "emergency-trades")
}

func filesOf(t testing.TB, name string) fstest.MapFS {
	t.Helper()
	fsys, err := networks.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		out[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func edit(t testing.TB, f fstest.MapFS, file, from, to string) {
	t.Helper()
	s := string(f[file].Data)
	if !strings.Contains(s, from) {
		t.Fatalf("%s no longer holds %q", file, from)
	}
	f[file] = &fstest.MapFile{Data: []byte(strings.Replace(s, from, to, 1))}
}

// judge is what "entremise check" does.
func judge(f fs.FS) []network.Problem {
	n, probs := network.Load(f)
	if n != nil {
		probs = append(probs, network.Check(n)...)
	}
	return probs
}

// mistakes are made one at a time; testdata/problems.golden holds the sentences that they get, in both languages.
var mistakes = []struct {
	name           string
	file, from, to string
}{
	// what Load finds
	{"unknown word", "network.yaml", "  legal_form:", "  legal_from:"},
	{"unknown word without a neighbour", "network.yaml", "space_host:", "colour_of_the_van: red\nspace_host:"},
	{"written twice", "network.yaml", "    base: 24", "    base: 24\n    base: 25"},
	{"missing part", "network.yaml", "  director: Camille Exemple\n", ""},
	{"empty value", "network.yaml", "  rcs: Nîmes", "  rcs:"},
	{"missing French", "network.yaml", "decided: {fr: Décidé, en: Decided}", "decided: {en: Decided}"},
	{"unknown language", "network.yaml", "decided: {fr: Décidé, en: Decided}", "decided: {fr: Décidé, de: Sicher}"},
	{"no date", "network.yaml", "in_force: 2026-11-01", "in_force: 31/11/2026"},
	{"no duration", "network.yaml", "hold: 5 min,", "hold: 5 minutes,"},
	{"no distance", "network.yaml", "default: 15 km", "default: 15km"},
	{"no limit", "network.yaml", "requests_per_number: 3 in 24 hours", "requests_per_number: 3 a day"},
	{"no amount", "network.yaml", "    base: 24", "    base: 24 EUR"},
	{"no percentage", "network.yaml", "    vat: 20 %", "    vat: 0.2"},
	{"no factor", "network.yaml", "factor: 1.25", "factor: 12.5"},
	{"hours without minutes", "network.yaml", `hours: "20:00-07:00"`, `hours: "20-7"`},
	{"hours of a 25-hour day", "network.yaml", `hours: "20:00-07:00"`, `hours: "20:00-25:00"`},
	{"unknown choice", "network.yaml", "  qualification: agent", "  qualification: robot"},
	{"yes is not true", "network.yaml", "announce: true", "announce: yes"},
	{"no seats", "network.yaml", "  seats: 1 ", "  seats: 0 "},
	{"no sites", "network.yaml", "    trades: [serrurier, vitrier, store-volet]", "    trades: []"},
	{"bad name", "network.yaml", "  show_damage:", "  Show Damage:"},
	{"SIREN with a wrong key", "network.yaml", `siren: "000 000 000"`, `siren: "000 000 001"`},
	{"no IBAN", "network.yaml", "FR76 0000 0000", "76 0000 0000"},
	{"no phone number", "network.yaml", `phone: "+33 1 99 00 12 34"`, `phone: "01 99"`},
	{"no colour", "network.yaml", `accent: "#0b5c8a"`, `accent: blue`},
	{"one price bound", "network.yaml", "bounds: [1, 1999]", "bounds: 1999"},
	{"twice in a list", "network.yaml", "trades: [serrurier, vitrier, store-volet]", "trades: [serrurier, serrurier]"},
	{"a list where words stand", "network.yaml", "  name: Dépanneurs d’ici", "  name: [Dépanneurs, d’ici]"},
	{"an anchor", "network.yaml", "    base: 24", "    base: &b 24"},
	{"a tag", "network.yaml", "    base: 24", "    base: !!int 24"},
	{"broken YAML", "network.yaml", "modules:\n", "modules: {\n"},
	{"two documents", "forms/vitrier.yaml", "  details:", "---\nquestions:\n  details:"},
	{"ignored file", "forms/plombier.yaml", "", "→forms/plombier.yml"},
	{"not UTF-8", "texts/fr/terms.md", "En vigueur", "\xe9"},
	{"script in the logo", "logo.svg", "<title>", "<script>alert(1)</script><title>"},
	{"link in the logo", "logo.svg", "<path ", `<path onclick="x" `},

	// what Check finds
	{"codes forgotten while they count", "network.yaml", "codes: 24 hours", "codes: 30 min"},
	{"attempts forgotten while they count", "network.yaml", "attempts: 31 days", "attempts: 29 days"},
	{"sessions kept for long", "network.yaml", "sessions: 30 days", "sessions: 13 months"},
	{"a freeze lifted at once", "network.yaml", "restriction: {notice: 3 days}", "restriction: {notice: 30 min}"},
	{"question without purpose", "forms/plombier.yaml", "    max: 1000\n    data: need", "    max: 1000\n    data: billing"},
	{"photos without purpose", "network.yaml", "    data: [photos]", "    data: [need]"},
	{"data that the software keeps", "network.yaml", "    data: [billing]", "    data: [activity]"},
	{"purpose without duration", "network.yaml", "    keep: {for: 12 months, at_end: erase}\n", ""},
	{"while and for", "network.yaml", "keep: {while: request-open, then: 3 months,", "keep: {while: request-open, for: 3 months,"},
	{"then without while", "network.yaml", "keep: {while: request-open, then: 3 months,", "keep: {then: 3 months,"},
	{"no time at all", "network.yaml", "keep: {for: 12 months, at_end: erase}", "keep: {at_end: erase}"},
	{"archive without reader", "network.yaml", "archive: {for: 5 years, read_by: litigation}", "archive: {for: 5 years}"},
	{"legitimate interest without balance", "network.yaml", "    balance: balance-calls\n", ""},
	{"balance without text", "network.yaml", "balance: balance-calls", "balance: balance-phones"},
	{"balance without legitimate interest", "network.yaml", "    basis: contract\n    people: [consumer]", "    basis: contract\n    balance: balance-calls\n    people: [consumer]"},
	{"consent that nobody asks", "network.yaml", "    basis: legal-obligation\n    people: [consumer, professional]", "    basis: consent\n    people: [consumer, professional]"},
	{"price above its bound", "network.yaml", "bounds: [1, 1999]", "bounds: [1, 60]"},
	{"price below its bound", "network.yaml", "bounds: [1, 1999]", "bounds: [10, 1999]"},
	{"price bounds upside down", "network.yaml", "bounds: [1, 1999]", "bounds: [1999, 1]"},
	{"price bounds in cents", "network.yaml", "bounds: [1, 1999]", "bounds: [1.50, 1999]"},
	{"rule with add and factor", "network.yaml", "add: 12,", "add: 12, factor: 2,"},
	{"rule of an unknown urgency", "network.yaml", "when: {urgency: now}", "when: {urgency: yesterday}"},
	{"rule of an unknown intent", "network.yaml", "when: {intent: hesitant}", "when: {intent: rich}"},
	{"rule of an unknown trade", "network.yaml", "when: {trade: electromenager}", "when: {trade: boucher}"},
	{"rule of an unknown department", "network.yaml", `departments: ["75",`, `departments: ["20",`},
	{"rule of an unknown answer", "network.yaml", "answers: {problem: break-in}", "answers: {problem: flood}"},
	{"rule of an unknown question", "network.yaml", "answers: {problem: break-in}", "answers: {probleme: break-in}"},
	{"rule of no competition", "network.yaml", "competition: {below: 3}", "competition: {below: 3, above: 2}"},
	{"rule that always holds", "network.yaml", "when: {urgency: now}", "when: {}"},
	{"or_days without hours", "network.yaml", `hours: "20:00-07:00", or_days`, "or_days"},
	{"days and or_days", "network.yaml", "or_days: [saturday, sunday, holidays]", "or_days: [saturday], days: [sunday]"},
	{"commercial calls beyond law", "network.yaml", `hours: ["10:00-13:00", "14:00-19:00"]`, `hours: ["09:00-21:00"]`},
	{"commercial attempts beyond law", "network.yaml", "attempts: 3 in 30 days", "attempts: 9 in 30 days"},
	{"register that ended", "network.yaml", "  attempts: 3 in 30 days", "  register: {name: Liste, url: https://liste.example, effect: 40 days, protects: 3 years}"},
	{"call-back clock missing", "network.yaml", "call_back: 10 min, ", ""},
	{"first contact clock missing", "network.yaml", "first_contact: 10 min, ", ""},
	{"on-site clock missing", "network.yaml", ", on_site: 30 min", ""},
	{"cart longer than the request", "network.yaml", "expires: 24 hours", "expires: 4 min"},
	{"cart for a day", "network.yaml", "hold: 5 min", "hold: 1 day"},
	{"radius above the greatest", "network.yaml", "default: 15 km", "default: 90 km"},
	{"steps that shrink", "network.yaml", "widen: [10 km, 25 km]", "widen: [25 km, 10 km]"},
	{"site with an unknown trade", "network.yaml", "trades: [serrurier, vitrier, store-volet]", "trades: [serrurier, bouchers]"},
	{"host written twice", "network.yaml", "host: serrures.example", "host: www.depanneurs.example"},
	{"host with https", "network.yaml", "host: serrures.example", "host: https://serrures.example/"},
	{"trade without form", "network.yaml", "    who: {fr: un vitrier, en: a glazier}", "    form: verre\n    who: {fr: un vitrier, en: a glazier}"},
	{"trade of no table", "network.yaml", "  vitrier:\n", "  verrier:\n    form: vitrier\n"},
	{"trade without its law", "network.yaml", "    law: [repair-prices-2017]\n  serrurier:", "  serrurier:"},
	{"answer later than law", "network.yaml", "  answer: 1 month\n", "  answer: 6 weeks\n"},
	{"extension longer than law", "network.yaml", "  extended: 3 months", "  extended: 4 months"},
	{"extension shorter than the answer", "network.yaml", "  extended: 3 months", "  extended: 1 month"},
	{"warning after the clock", "network.yaml", "  warn: 7 days", "  warn: 2 months"},
	{"letters to no address", "network.yaml", "  post: rights\n", ""},
	{"authority without https", "network.yaml", "https://www.cnil.fr/fr/plaintes", "www.cnil.fr"},
	{"scope of nothing", "network.yaml", "data: [messages]}", "data: [messages, opinions]}"},
	{"told twice over", "network.yaml", "telephony: {email: donnees@telephonie.example}", "telephony: {email: donnees@telephonie.example, webhook: \"https://telephonie.example/\"}"},
	{"told without an address", "network.yaml", "telephony: {email: donnees@telephonie.example}", "telephony: {email: telephonie}"},
	{"told in plain", "network.yaml", "https://sms.example/rgpd", "http://sms.example/rgpd"},
	{"told who receives nothing", "network.yaml", "    sms: {webhook", "    fax: {webhook"},
	{"answer with an unknown word", "network.yaml", "{ref} du {received}.", "{ref} du {recu}."},
	{"inbox of no purpose", "network.yaml", "  purpose: answer_people", "  purpose: answer_all"},
	{"inbox of another purpose", "network.yaml", "  purpose: answer_people", "  purpose: invoice"},
	{"inbox twice", "network.yaml", "{address: bonjour@depanneurs.example, rights: false}", "{address: DPO@depanneurs.example, rights: false}"},
	{"inbox without a way for rights", "network.yaml", "{address: dpo@depanneurs.example, rights: true}", "{address: dpo@depanneurs.example, rights: false}"},
	{"recipient unknown", "network.yaml", "recipients: [telephony, call-expert]", "recipients: [telefony, call-expert]"},
	{"recipient without safeguard", "network.yaml", "    driver: http\n    country: FR", "    driver: http\n    country: US"},
	{"sale without buyer", "network.yaml", "role: buyer", "role: controller"},
	{"buyer without sale", "network.yaml", "sale: per-introduction", "sale: off"},
	{"automated decision on legitimate interest", "network.yaml", "{basis: contract, may_object: true}", "{basis: legitimate-interest, may_object: true}"},
	{"recording without announcement", "network.yaml", "announce: true", "announce: false"},
	{"recording not erased by the processor", "network.yaml", "keep: {for: 6 months, at_end: erase-everywhere}", "keep: {for: 6 months, at_end: erase}"},
	{"recording kept too long", "network.yaml", "keep: {for: 6 months, at_end: erase-everywhere}", "keep: {for: 1 year, at_end: erase-everywhere}"},
	{"recordings that nobody hears", "network.yaml", "listening:\n  reasons:\n    training: {label: {fr: Former les conseillers, en: Train agents}, purpose: record_calls, by: [supervisor, administrator]}\n    quality: {label: {fr: Améliorer l’accueil téléphonique, en: Improve answering}, purpose: record_calls, by: [supervisor, administrator]}\n    evidence: {label: {fr: Garder une preuve dans un litige, en: Keep evidence in a dispute}, purpose: record_calls, by: [supervisor, administrator]}\n    improvement: {label: {fr: Améliorer nos méthodes, en: Improve our methods}, purpose: record_calls, by: [supervisor, administrator]}\n  lend: {to: [call-expert], purpose: record_calls, by: [supervisor, administrator], for: 7 days}   # ET-147\n\n", ""},
	{"listening for another purpose", "network.yaml", "en: Train agents}, purpose: record_calls", "en: Train agents}, purpose: invoice"},
	{"listening by who may not", "network.yaml", "en: Improve our methods}, purpose: record_calls, by: [supervisor,", "en: Improve our methods}, purpose: record_calls, by: [agent,"},
	{"a recording lent to a buyer", "network.yaml", "to: [call-expert], purpose", "to: [buyer], purpose"},
	{"a recording lent for too long", "network.yaml", "for: 7 days}   # ET-147", "for: 2 months}"},
	{"script without refusal", "network.yaml", "  refusal:\n", "  announcement_two:\n"},
	{"consent without wording", "network.yaml", "    wording: {fr: J’ai lu et j’accepte les conditions d’utilisation., en: I have read and accept the terms of use.}\n", ""},
	{"recipient that the sentence does not name", "network.yaml", "  opinion:\n    kind: consent", "  opinion:\n    recipient: hosting\n    kind: consent"},
	{"compulsory consent", "network.yaml", "  opinion:\n    kind: consent", "  opinion:\n    required: true\n    kind: consent"},
	{"consent of a purpose on contract", "network.yaml", "  opinion:\n    kind: consent\n    purpose: ask_opinion", "  opinion:\n    kind: consent\n    purpose: introduce"},
	{"consent of an unknown purpose", "network.yaml", "    purpose: inform_professionals\n", "    purpose: inform\n"},
	{"consent to calls without end", "network.yaml", "    channels: [sms]\n", "    channels: [sms, phone]\n"},
	{"form without request", "network.yaml", "    kind: request\n", "    kind: acceptance\n"},
	{"two boxes, one sentence", "network.yaml", "J’accepte de recevoir par e-mail les", "J’accepte de recevoir par SMS les"},
	{"colour too light", "network.yaml", `accent: "#0b5c8a"`, `accent: "#3aa0d8"`},
	{"VAT number of another", "network.yaml", "vat: FR12000000000", "vat: FR12732829320"},
	{"VAT number with a wrong key", "network.yaml", "vat: FR12000000000", "vat: FR13000000000"},
	{"VAT number malformed", "network.yaml", "vat: FR12000000000", "vat: FR 12 000000000"},
	{"no registered office", "network.yaml", "    office:", "    bureau:"},
	{"no e-mail address", "network.yaml", "email: bonjour@depanneurs.example", "email: depanneurs.example"},
	{"refusal asked again sooner", "network.yaml", "refused: 6 months", "refused: 1 month"},
	{"tracker without its purpose", "network.yaml", `  choice: {accepted: 6 months, refused: 6 months}`, `  choice: {accepted: 6 months, refused: 6 months}
  purposes:
    audience: {label: Audience, about: Compter les visites., asked: exempt}
  trackers:
    counter: {label: Compteur, names: [c_id], purposes: [audiance], life: 13 months, what: Compte., driver: audience, source: "https://stats.example/c.js"}`},
	{"exempt tracker of a third party", "network.yaml", `  choice: {accepted: 6 months, refused: 6 months}`, `  choice: {accepted: 6 months, refused: 6 months}
  purposes:
    audience: {label: Audience, about: Compter les visites., asked: exempt}
  trackers:
    counter: {label: Compteur, names: [c_id], purposes: [audience], life: 13 months, what: Compte., driver: audience, source: "https://stats.example/c.js", by: hosting, policy: "https://stats.example/p"}`},
	{"tracker that lives too long", "network.yaml", `  choice: {accepted: 6 months, refused: 6 months}`, `  choice: {accepted: 6 months, refused: 6 months}
  purposes:
    audience: {label: Audience, about: Compter les visites., asked: exempt}
  trackers:
    counter: {label: Compteur, names: [c_id], purposes: [audience], life: 25 months, what: Compte., driver: audience, source: "https://stats.example/c.js"}`},
	{"tracker of an unknown third party, without policy", "network.yaml", `  choice: {accepted: 6 months, refused: 6 months}`, `  choice: {accepted: 6 months, refused: 6 months}
  purposes:
    audience: {label: Audience, about: Compter les visites., asked: consent}
  trackers:
    counter: {label: Compteur, names: [c_id], purposes: [audience], life: 13 months, what: Compte., driver: audience, source: "https://stats.example/c.js", by: nobody}`},
	{"tracker at no address", "network.yaml", `  choice: {accepted: 6 months, refused: 6 months}`, `  choice: {accepted: 6 months, refused: 6 months}
  purposes:
    audience: {label: Audience, about: Compter les visites., asked: consent}
  trackers:
    counter: {label: Compteur, names: [c_id], purposes: [audience], life: 13 months, what: Compte., driver: audience, source: "javascript:alert(1)"}`},
	{"visitors' choices without a purpose for their proofs", "network.yaml", `  choice: {accepted: 6 months, refused: 6 months}`, `  choice: {accepted: 6 months, refused: 6 months}
  purposes:
    audience: {label: Audience, about: Compter les visites., asked: consent}
  trackers:
    counter: {label: Compteur, names: [c_id], purposes: [audience], life: 13 months, what: Compte., driver: audience, source: "https://stats.example/c.js"}`},
	{"unknown document", "network.yaml", `  terms: {tell: [email, banner], again: true}`, `  conditions: {tell: [banner]}`},
	{"professionals told too late", "network.yaml", `  pro-terms: {tell: [email, banner], before: 15 days, again: true}`, `  pro-terms: {tell: [banner], again: true}`},
	{"notice told to nobody before it applies", "network.yaml", `  privacy: {tell: [email, banner]}`, `  privacy: {before: 15 days}`},
	{"acceptance of a notice that only informs", "network.yaml", `  privacy: {tell: [email, banner]}`, `  privacy: {tell: [banner]}
  legal: {again: true}`},
	{"choice kept too long", "network.yaml", "choice: {accepted: 6 months, refused: 6 months}", "choice: {accepted: 13 months, refused: 13 months}"},
	{"notice missing", "network.yaml", "  no-guarantee:", "  no-garantee:"},
	{"confirmation missing", "network.yaml", "  free-soon:", "  soon:"},
	{"variable in a notice", "network.yaml", `free: {fr: "Gratuit`, `free: {fr: "{price} Gratuit`},
	{"figure that is none", "network.yaml", "{keep.record_calls} au plus", "{keep.recordings} au plus"},
	{"unknown variable in a message", "network.yaml", "Votre code est {code}.", "Votre code est {pin}."},
	{"unknown message", "network.yaml", "  stop-confirmed:", "  stop-confirmd:"},
	{"message without subject", "network.yaml", `    subject: {fr: "Votre code {site}", en: "Your {site} code"}` + "\n", ""},
	{"message that is no SMS", "network.yaml", `    subject: {fr: "Facture {invoice}"`, `    sms: {fr: "Facture {invoice}"}` + "\n" + `    subject: {fr: "Facture {invoice}"`},
	{"text message without stop", "network.yaml", "Deux questions : {link} Ne plus recevoir de SMS : {stop}", "Deux questions : {link}"},
	{"costly letter", "network.yaml", "est votre code {site}, valable", "est votre code reçu à Nîmes ✓ de {site}, valable"},
	{"text missing", "texts/fr/charter.md", "", "→"},
	{"text without French", "texts/fr/balance-security.md", "", "→texts/en/extra.md"},
	{"figure in a text", "texts/fr/terms.md", "{request.expires}", "{request.life}"},
	{"form that nobody uses", "forms/vitrier.yaml", "", "→forms/miroitier.yaml"},
	{"choice of one", "forms/plombier.yaml", "      business: {fr: Local professionnel, en: Business premises}\n", "      business: {fr: Local professionnel, en: Business premises}\n  only:\n    label: Seul\n    kind: choice\n    data: need\n    options: {one: Un}\n"},
	{"options of a number", "forms/plombier.yaml", "    unit: {fr: litres, en: litres}", "    unit: {fr: litres, en: litres}\n    options: {a: A, b: B}"},
	{"number without unit", "forms/plombier.yaml", "    unit: {fr: litres, en: litres}\n", ""},
	{"text without length", "forms/plombier.yaml", "    max: 1000\n", ""},
	{"too many photos", "forms/plombier.yaml", "    kind: photos\n    max: 4", "    kind: photos\n    max: 9"},
	{"free text on the board", "forms/plombier.yaml", "    kind: text\n", "    kind: text\n    shown_to_pros: true\n"},
	{"condition on a later question", "forms/plombier.yaml", "    when: {problem: leak}", "    when: {flow: stream}"},
	{"condition on an unknown answer", "forms/plombier.yaml", "    when: {problem: leak}", "    when: {problem: leek}"},
	{"condition on a number", "forms/plombier.yaml", "  home:\n", "  why:\n    label: Pourquoi ?\n    kind: yesno\n    data: need\n    when: {heater_litres: \"100\"}\n  home:\n"},
	{"no ground for suspending", "network.yaml", "suspension_reasons:", "agent_texts_two:"},
	{"IBAN with a wrong digit", "network.yaml", "FR76 0000 0000", "FR76 0000 0010"},
	{"IBAN too short", "network.yaml", "FR76 0000 0000", "FR76 0000"},
	{"IBAN of elsewhere", "network.yaml", "FR76 0000 0000", "US76 0000 0000"},
	{"no BIC", "network.yaml", "bic: EXEMFRP0XXX", "bic: EXEMFR"},
	{"BIC of another country", "network.yaml", "bic: EXEMFRP0XXX", "bic: EXEMDEP0XXX"},
	{"no reason for withdrawing", "network.yaml", "withdrawal_reasons:", "agent_texts_three:"},
	{"opinions without purpose", "network.yaml", "    data: [opinion]", "    data: [need]"},
	{"at_most without while", "network.yaml", "keep: {for: 12 months, at_end: erase}", "keep: {for: 12 months, at_most: 2 years, at_end: erase}"},
	{"from without a time", "network.yaml", "keep: {while: request-open, then: 3 months,", "keep: {while: request-open, from: deposit, then: 3 months,"},
	{"unknown event", "network.yaml", "keep: {for: 12 months, at_end: erase}", "keep: {for: 12 months, from: christmas, at_end: erase}"},
	{"renewed without a time", "network.yaml", "keep: {while: consent-stands, then: 3 years,", "keep: {while: consent-stands, renewed_by: [reply],"},
	{"renewed by opening a mail", "network.yaml", "keep: {while: consent-stands, then: 3 years,", "keep: {while: consent-stands, then: 3 years, renewed_by: [open],"},
	{"remainder of an archive", "network.yaml", "archive: {for: 5 years, read_by: litigation}", "archive: {for: 5 years, read_by: litigation}, remainder: {for: 3 years, as: keyed-digest}"},
	{"remainder of numbers", "network.yaml", "keep: {while: consent-stands, then: 3 years,", "keep: {while: consent-stands, then: 3 years, remainder: {for: 3 years, as: digest},"},
	{"remainder called anonymous", "network.yaml", "keep: {while: consent-stands, then: 3 years,", "keep: {while: consent-stands, then: 3 years, remainder: {for: 3 years, as: keyed-digest},"},
	{"logs kept too long", "network.yaml", "keep: {for: 12 months, at_end: erase}", "keep: {for: 13 months, at_end: erase}"},
	{"processor without contract", "network.yaml", "    contract: ST-2026-02 SMS\n", ""},
	{"policy without https", "network.yaml", "    contract: ST-2026-02 SMS\n", "    contract: ST-2026-02 SMS\n    policy: sms.example\n"},
	{"joint with nobody", "network.yaml", "    recipients: [buyer, hosting]\n", "    recipients: [buyer, hosting]\n    joint: {with: client, arrangement: joint-client}\n"},
	{"third party without agreement", "network.yaml", "  qualification: agent\n", "  qualification: agent\n  third_parties: consent-only\n"},
	{"unknown difference", "network.yaml", "cookies:\n", "differences: {weekend-calls: On appelle le dimanche.}\ncookies:\n"},
	{"difference of a settled rule", "network.yaml", "cookies:\n", "differences: {withdrawal-in-writing: {fr: Un accord se retire par lettre., en: Consent is withdrawn by letter.}}\ncookies:\n"},
	{"difference that the modules deny", "network.yaml", "cookies:\n", "differences: {routing-on-interest: L’envoi automatique repose sur notre intérêt., age-by-one-button: OK certifie l’âge., no-transfer-despite-abroad: Rien ne sort.}\ncookies:\n"},
	{"accounts for children", "network.yaml", "  qualification: agent\n", "  qualification: agent\n  accounts: {minimum_age: 0}\n"},
	{"accounts that nobody can open", "network.yaml", "  qualification: agent\n", "  qualification: agent\n  accounts: {minimum_age: 15}\n"},
	{"sale without access", "network.yaml", "  liability: 3 months            # ET-153\n", ""},
	{"access that is not said", "network.yaml", "\naccess:\n", "\naccess_of_pros:\n"},
	{"sale without a price", "network.yaml", "invoices: {late_rate: 12.40 %, recovery: 40, on_debits: false}", ""},
	{"routed to suppliers", "network.yaml", "sale: per-introduction", "sale: routed"},
	{"breach told too late", "network.yaml", "  notify: 72 hours ", "  notify: 73 hours "},
	{"breach warned of too late", "network.yaml", "  warn: 24 hours\n", "  warn: 72 hours\n"},
	{"assessment of nothing", "network.yaml", "  reassess: 3 years\n", "  reassess: 3 years\n  assess: [nothing]\n"},
	{"overseen without a purpose", "network.yaml", "    data: [oversight]\n", "    data: [case]\n"},
	{"recipient of more than it is given", "network.yaml", "    contract: ST-2026-02 SMS\n", "    contract: ST-2026-02 SMS\n    gets: [photos]\n"},
	{"verifier of a field too many", "network.yaml", "    fields: [company, siren]\n    verifies: [solvency]\n", "    fields: [company, siren, street]\n    verifies: [solvency]\n"},
	{"verifier without fields", "network.yaml", "    fields: [company, siren]\n    verifies: [solvency]\n", "    verifies: [solvency]\n"},
	{"verifier whose answer no purpose keeps", "network.yaml", "    data: [documents, identity, contact, business]\n", "    data: [identity, contact, business]\n"},
	{"verifier that nobody tells", "network.yaml", "    solvency: {email: donnees@comptes-clairs.example}\n", ""},
	{"recredit without sale", "network.yaml", "sale: per-introduction", "sale: forwarded-to-members"},
}

func TestProblems_oneSentenceEach(t *testing.T) {
	usual := map[string]bool{}
	for _, p := range judge(files(t)) {
		usual[p.Text.FR] = true
	}
	var b strings.Builder
	for _, m := range mistakes {
		f := files(t)
		switch to, moved := strings.CutPrefix(m.to, "→"); {
		case moved:
			if to != "" {
				f[to] = f[m.file]
			}
			delete(f, m.file)
		default:
			edit(t, f, m.file, m.from, m.to)
		}
		fmt.Fprintf(&b, "# %s\n", m.name)
		told := 0
		for _, p := range judge(f) {
			if usual[p.Text.FR] {
				continue
			}
			told++
			fmt.Fprintf(&b, "%s %s\n    %s\n", p.Severity, p.Say("en"), p.Text.FR)
			if p.Text.FR == p.Text.EN {
				t.Errorf("%s: one language only: %s", m.name, p.Text.FR)
			}
		}
		if told == 0 {
			t.Errorf("%s: nobody noticed", m.name)
		}
		b.WriteString("\n")
	}
	const file = "testdata/problems.golden"
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, exp := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(exp)) {
		g, w := "", ""
		if i < len(got) {
			g = got[i]
		}
		if i < len(exp) {
			w = exp[i]
		}
		if g != w {
			t.Fatalf("line %d of the sentences:\n got %s\nwant %s", i+1, g, w)
		}
	}
}

// What takes two words of the file to contradict each other.
func TestCheck_modulesBindTheirNetwork(t *testing.T) {
	abroad := []string{"    driver: http\n    country: FR\n", "    driver: http\n    country: US\n    safeguard: standard-clauses\n"}
	digests := []string{"  qualification: agent\n", "  qualification: agent\n  transfers: digests-only\n"}
	for name, c := range map[string]struct {
		edits [][]string
		want  string // path of the mistake; none is wanted when empty
	}{
		"a safeguard suffices":        {[][]string{abroad}, ""},
		"names among digests":         {[][]string{abroad, digests}, "purposes.introduce.recipients"},
		"digests only":                {[][]string{{abroad[0], abroad[1] + "    digests: true\n"}, digests}, ""},
		"published by nobody":         {[][]string{{"  automated_decisions: {basis: contract, may_object: true}\n", ""}, {"  qualification: agent\n", "  qualification: automatic\n"}}, "modules.qualification"},
		"published by a declared one": {[][]string{{"  qualification: agent\n", "  qualification: automatic\n"}}, ""},
		"joint with a controller":     {[][]string{{"    recipients: [buyer, hosting]\n", "    recipients: [buyer, client, hosting]\n    joint: {with: client, arrangement: terms}\n"}}, ""},
		"members without joint data":  {[][]string{{"  channels: [form, ", "  channels: [member, form, "}}, "rights.channels"},
		"joint with a processor":      {[][]string{{"    recipients: [buyer, hosting]\n", "    recipients: [buyer, hosting]\n    joint: {with: hosting, arrangement: terms}\n"}}, "purposes.show_damage.joint.with"},
		"a third party that is joint": {[][]string{{"  qualification: agent\n", "  qualification: agent\n  third_parties: consent-only\n"}}, "purposes.introduce.recipients"},
	} {
		f := files(t)
		for _, e := range c.edits {
			edit(t, f, "network.yaml", e[0], e[1])
		}
		found := c.want == ""
		for _, p := range judge(f) {
			found = found || p.Severity == network.Mistake && p.Path == c.want
			if p.Severity == network.Mistake && c.want == "" {
				t.Errorf("%s: %s", name, p.Say("en"))
			}
		}
		if !found {
			t.Errorf("%s: nobody noticed", name)
		}
	}
}

// A provider of countries is a processor that gets addresses and nothing else, and it is asked for a reason (AQ-20). Fields of the form are known ones,
// and a name is asked once, whole or in parts (AQ-09).
func TestCheck_countriesAndFields(t *testing.T) {
	const line = "  country: {provider: country-check, accepted: [FR, MC], otherwise: set-aside}"
	for name, c := range map[string]struct{ from, to, want string }{
		"as it ships":            {line, line, ""},
		"refused":                {"otherwise: set-aside}", "otherwise: refuse, unanswered: set-aside}", ""},
		"no recipient":           {"provider: country-check", "provider: nobody", "verification.country.provider"},
		"no processor":           {"provider: country-check", "provider: supplier", "verification.country.provider"},
		"gets names":             {"provider: country-check", "provider: mail", "verification.country.provider"},
		"no purpose of his":      {"    recipients: [country-check, hosting]\n", "    recipients: [hosting]\n", "verification.country.provider"},
		"no country":             {"accepted: [FR, MC]", "accepted: [France]", "verification.country.accepted"},
		"a field of nobody":      {"form_fields:\n", "form_fields:\n  birthday: Pour rien.\n", "form_fields.birthday"},
		"half a name":            {"  first_name: {fr: Pour que le fournisseur sache qui l’attend., en: So that the supplier knows who expects him.}\n", "", "form_fields"},
		"a name asked twice":     {"form_fields:\n", "form_fields:\n  name: Pour vous appeler.\n", "form_fields.name"},
		"everybody all the same": {"otherwise: set-aside}", "otherwise: accept}", "verification.country.otherwise"},
	} {
		folder, err := networks.Open("auto-quotes")
		if err != nil {
			t.Fatal(err)
		}
		f := fstest.MapFS{}
		if err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(folder, name)
			f[name] = &fstest.MapFile{Data: data}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		edit(t, f, "network.yaml", c.from, c.to)
		found := c.want == ""
		for _, p := range judge(f) {
			found = found || p.Severity == network.Mistake && p.Path == c.want
			if p.Severity == network.Mistake && c.want == "" {
				t.Errorf("%s: %s", name, p.Say("en"))
			}
		}
		if !found {
			t.Errorf("%s: nobody noticed", name)
		}
	}
}

func TestLoad_embeddedNetworks(t *testing.T) {
	for _, name := range networks.Names() {
		fsys, err := networks.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		n, probs := network.Load(fsys)
		for _, p := range probs {
			t.Error(p.Say("en"))
		}
		if n == nil {
			t.Fatal("not loaded")
		}
		for _, p := range network.Check(n) {
			t.Log(p.Severity, p.Say("en"))
			if p.Severity == network.Mistake {
				t.Error("a network that ships must pass its own check")
			}
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	f := files(b)
	for b.Loop() {
		network.Load(f)
	}
}

func BenchmarkCheck(b *testing.B) {
	n, _ := network.Load(files(b))
	for b.Loop() {
		network.Check(n)
	}
}
