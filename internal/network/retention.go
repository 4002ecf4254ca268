package network

import (
	"slices"

	"entremise/internal/fault"
)

// Keep is a retention: an active time, then perhaps an archive or a remainder, then the end.
//
// The active time is either a state and what follows it ("while" and "then"), or a time from an event ("for" and "from"). A purpose whose
// state has not begun or whose event has not happened holds nothing of a record: several purposes may claim one datum, and it lives while
// one of them holds it.
type Keep struct {
	While     While      `yaml:",opt"` // Kept as long as this state lasts…
	Then      Duration   `yaml:",opt"` // … and for this time after it ended (with while); nothing follows if absent.
	AtMost    Duration   `yaml:",opt"` // The state counts as ended after this time from its event, so that what nobody ends does not stay (with while).
	For       Duration   `yaml:",opt"` // Kept for this time from an event (instead of while).
	From      Event      `yaml:",opt"` // The event that starts for or at_most; collection if absent.
	RenewedBy []Reaction `yaml:",opt"` // Acts that start for or then anew; opening a message is none of them.
	Archive   *Archive   `yaml:",opt"` // Restricted archive that follows.
	Remainder *Remainder `yaml:",opt"` // What is left, and for how long, once the data itself is erased.
	AtEnd     AtEnd      // What happens at the end.
}

// Archive is the intermediate archive: restricted, under its own key, opened with a reason.
type Archive struct {
	For    Duration // Time in the archive, after the active time.
	ReadBy Role     `yaml:",opt"` // Role that may open it; an archive without it is a mistake.
}

// Remainder outlives erased data without holding any of it: a digest that answers whether a given address or number was there. It is keyed
// with a secret kept apart, because the digest of a telephone number alone falls to trying all numbers.
type Remainder struct {
	For Duration // Time for which it is left, from the erasure.
	As  LeftAs   // keyed-digest: proves that a known value was there, and cannot be read back.
}

// Active is the time before the archive or the end: For, or Then after While. It is zero when data goes with its state.
func (k Keep) Active() Duration {
	if !k.For.IsZero() {
		return k.For
	}
	return k.Then
}

// Starts is the event from which For and AtMost count.
func (k Keep) Starts() Event {
	if k.From == "" {
		return FromCollection
	}
	return k.From
}

// While is a state during which data is kept.
type While string

// States of keeping.
const (
	WhileRequestOpen   While = "request-open"   // until the request is definitively processed
	WhileAccountOpen   While = "account-open"   // until the account is deleted
	WhileConsentStands While = "consent-stands" // until it is withdrawn, objected to or expires
	WhileContract      While = "contract"       // the contract and the relation that goes with it
	WhileCaseOpen      While = "case-open"      // a message, a rights request, a report or a dispute that is not closed
	WhileUndecided     While = "undecided"      // an opinion on which no moderator has ruled
	WhilePublished     While = "published"      // on the public site
	WhileOperation     While = "operation"      // a poll or a campaign that runs
)

// Label names a state for people, as in "kept while…".
func (w While) Label() fault.Text { return whileLabels[w] }

var whileLabels = map[While]fault.Text{
	WhileRequestOpen:   fault.T("tant que la demande est ouverte", "while the request is open"),
	WhileAccountOpen:   fault.T("tant que le compte est ouvert", "while the account is open"),
	WhileConsentStands: fault.T("tant que l’accord tient", "while consent stands"),
	WhileContract:      fault.T("le temps du contrat", "while the contract runs"),
	WhileCaseOpen:      fault.T("tant que le dossier est ouvert", "while the case is open"),
	WhileUndecided:     fault.T("jusqu’à la décision du modérateur", "until the moderator has decided"),
	WhilePublished:     fault.T("tant que c’est publié", "while it is published"),
	WhileOperation:     fault.T("le temps de l’opération", "while the operation runs"),
}

// Event starts a time.
type Event string

// Events from which a time counts.
const (
	FromCollection   Event = "collection"    // the data was received
	FromFirstVisit   Event = "first-visit"   // the visitor was first seen; later visits change nothing
	FromFirstSending Event = "first-sending" // a questionnaire was first sent; reminders change nothing
	FromDeposit      Event = "deposit"       // an opinion was handed in, whenever it was published
	FromRejection    Event = "rejection"     // a moderator refused an opinion
	FromNotification Event = "notification"  // the person was told of a measure
)

// Label names an event for people, as in "6 months from…".
func (e Event) Label() fault.Text { return eventLabels[e] }

var eventLabels = map[Event]fault.Text{
	FromCollection:   fault.T("leur réception", "their receipt"),
	FromFirstVisit:   fault.T("la première visite", "the first visit"),
	FromFirstSending: fault.T("le premier envoi", "the first sending"),
	FromDeposit:      fault.T("le dépôt de l’avis", "the deposit of the opinion"),
	FromRejection:    fault.T("la décision de refus", "the decision to refuse"),
	FromNotification: fault.T("la notification à la personne", "the notification to the person"),
}

// Reaction is an act of the person, or an exchange with him, that starts a time anew (CNIL, référentiel gestion commerciale: a contact that
// comes from the person). Opening a message is no act and has no word here.
type Reaction string

// Reactions.
const (
	ByReply    Reaction = "reply"    // an answer to a message
	ByClick    Reaction = "click"    // a link followed
	ByRequest  Reaction = "request"  // a form sent
	ByCall     Reaction = "call"     // a call made or taken
	BySignIn   Reaction = "sign-in"  // the account used
	ByExchange Reaction = "exchange" // a message in a case, either way
)

// Label names a reaction for people.
func (r Reaction) Label() fault.Text { return reactionLabels[r] }

var reactionLabels = map[Reaction]fault.Text{
	ByReply:    fault.T("une réponse", "an answer"),
	ByClick:    fault.T("un clic", "a click"),
	ByRequest:  fault.T("une demande", "a request"),
	ByCall:     fault.T("un appel", "a call"),
	BySignIn:   fault.T("une connexion", "a sign-in"),
	ByExchange: fault.T("un nouvel échange", "a new exchange"),
}

// LeftAs is the form of a remainder.
type LeftAs string

// LeftKeyedDigest is an HMAC under a key that is kept apart from what it digests.
const LeftKeyedDigest LeftAs = "keyed-digest"

// AtEnd is what happens at the end of a retention.
type AtEnd string

// Ends of a retention.
const (
	AtEndErase           AtEnd = "erase"            // keys destroyed here, recipients told
	AtEndEraseEverywhere AtEnd = "erase-everywhere" // and processors delete and confirm
	AtEndAnonymise       AtEnd = "anonymise"        // structured choices and the commune stay where at least five share them
)

func (While) words() []string {
	return all(WhileRequestOpen, WhileAccountOpen, WhileConsentStands, WhileContract, WhileCaseOpen, WhileUndecided, WhilePublished, WhileOperation)
}
func (Event) words() []string {
	return all(FromCollection, FromFirstVisit, FromFirstSending, FromDeposit, FromRejection, FromNotification)
}
func (Reaction) words() []string {
	return all(ByReply, ByClick, ByRequest, ByCall, BySignIn, ByExchange)
}
func (LeftAs) words() []string { return all(LeftKeyedDigest) }
func (AtEnd) words() []string  { return all(AtEndErase, AtEndEraseEverywhere, AtEndAnonymise) }

func (c *checker) keep(path string, p Purpose, k Keep) {
	switch {
	case k.While == "" && !k.Then.IsZero():
		c.wrong(path+".then", "« then » suit la fin d’un état : ajoutez « while », ou écrivez « for ».", `"then" follows the end of a state: add "while", or write "for".`)
	case k.While == "" && k.For.IsZero():
		c.told["keep."+p.ID] = true
		c.wrong(path, "dites combien de temps : « for », ou « while » et « then ».", `say how long: "for", or "while" and "then".`)
	case k.While != "" && !k.For.IsZero():
		c.wrong(path, "« while » et « for » se contredisent : gardez « while » avec « then », ou « for » seul.", `"while" and "for" contradict each other: keep "while" with "then", or "for" alone.`)
	}
	if k.While == "" && !k.AtMost.IsZero() {
		c.wrong(path+".at_most", "« at_most » borne un état : ajoutez « while », ou écrivez « for » seul.", `"at_most" bounds a state: add "while", or write "for" alone.`)
	}
	if k.From != "" && k.For.IsZero() && k.AtMost.IsZero() {
		c.wrong(path+".from", "« from » dit d’où compte « for » ou « at_most » : ajoutez l’un des deux, ou retirez-le.", `"from" says whence "for" or "at_most" counts: add one of them, or remove it.`)
	}
	if len(k.RenewedBy) > 0 && k.Active().IsZero() {
		c.wrong(path+".renewed_by", "rien ne compte ici qui puisse repartir : ajoutez « then » ou « for ».", `nothing counts here that could start anew: add "then" or "for".`)
	}
	if k.Archive != nil && k.Archive.ReadBy == "" {
		c.wrong(path+".archive", "« archive » demande « read_by » : qui peut ouvrir l’archive ? Écrivez un rôle, par exemple litigation.",
			`"archive" needs "read_by": who may open the archive? Write a role, for example litigation.`)
	}
	if k.Remainder != nil && (k.Archive != nil || k.AtEnd == AtEndAnonymise) {
		c.wrong(path+".remainder", "« remainder » est ce qui reste après l’effacement : retirez « archive », et écrivez at_end: erase.",
			`"remainder" is what is left after erasing: remove "archive", and write at_end: erase.`)
	}
	if slices.Contains(p.Data, DataRecording) && k.AtEnd != AtEndEraseEverywhere && len(p.Recipients) > 0 {
		c.wrong(path+".at_end", "un prestataire garde aussi ces enregistrements : écrivez erase-everywhere pour qu’il les efface.",
			"a processor keeps these recordings too: write erase-everywhere so that it deletes them.")
	}
	c.tooLong(path, p, k)
}

// tooLong names the retentions that an authority bounds and the file exceeds. Its figure is executed all the same: it may have a reason.
func (c *checker) tooLong(path string, p Purpose, k Keep) {
	for _, b := range []struct {
		data    Category
		most    Duration
		state   bool // a state has no end that could be compared
		what    fault.Text
		article fault.Text
	}{
		{DataRecording, Duration{6, UnitMonth}, true, fault.T("les enregistrements d’appels pour la formation et la qualité", "call recordings for training and quality"),
			fault.T("CNIL, écoute et enregistrement des appels", "CNIL, listening to and recording calls")},
		{DataConnection, Duration{12, UnitMonth}, false, fault.T("les journaux de connexion", "connection logs"), fault.T("CNIL, délib. 2021-122", "CNIL, decision 2021-122")},
		{DataAudience, Duration{25, UnitMonth}, false, fault.T("la mesure d’audience", "audience data"), fault.T("CNIL, délib. du 4 juillet 2025", "CNIL, decision of 4 July 2025")},
	} {
		if slices.Contains(p.Data, b.data) && (k.Active().approx() > b.most.approx() || b.state && k.While != "") {
			most := b.most.Text()
			c.law(path, b.article, k.Text(), fault.T("cette durée du fichier ; l’autorité limite "+b.what.FR+" à "+most.FR, "this duration of the file; the authority bounds "+b.what.EN+" to "+most.EN))
		}
	}
	if k.Remainder != nil {
		c.law(path+".remainder", fault.T("RGPD art. 4.5", "GDPR art. 4.5"), fault.T("il n’en reste qu’une empreinte, anonyme", "only a digest is left, and is anonymous"),
			fault.T("l’empreinte est à clé, reste une donnée personnelle pseudonymisée, et sert la seule preuve", "the digest is keyed, stays pseudonymous personal data, and serves proof alone"))
	}
}

// Text is the active time in short: "while the request is open, then 3 years".
func (k Keep) Text() fault.Text {
	t := k.Active().Text()
	if k.While == "" {
		return t
	}
	w := k.While.Label()
	if t.FR == "" {
		return w
	}
	return fault.T(w.FR+", puis "+t.FR, w.EN+", then "+t.EN)
}
