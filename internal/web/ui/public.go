package ui

import "time"

// Site is the public face of the network at one host name.
type Site struct {
	Name     string // as visitors know it
	Phone    string // as shown: 01 99 00 12 34
	Tel      string // the same, E.164, for the tel: link
	Operator string // legal name, in the footer
	Logo     string // address of the network's drawing; empty when it has none
	Trades   []Link
	Promise  string // what is said instead of a professional's call, where the house's own advisers answer; empty elsewhere
}

// Public is the frame of a page for consumers.
type Public struct {
	Frame
	Site     Site
	Panel    *CookiePanel // asked on a first page; nil when nothing is to be asked
	Choices  bool         // there is something to choose about cookies: the foot leads there
	Audience []Audience   // measurement that may run
	Updated  time.Time    // of the documents
	Messages bool         // there is a form for messages: the foot leads there
	Reviews  bool         // companies and their reviews are shown
}

// Home is `/`.
type Home struct {
	Public
	Headline     string // the operator's sentence; ours when empty
	Trades       []TradeCard
	Places       []Link        // a few trade × commune pages
	FirstContact time.Duration // the promise: a call within
	CallBack     string        // how soon an adviser calls, in words, where no professional does
	Embeds       []Embed       // what partners show, or what stands in its place
}

// TradeCard is one trade to choose. Icon is an icon's name (see Icon); Href goes to the form.
type TradeCard struct {
	Name, Line, Icon, Href string
}

// Place is `/m/{trade}/{commune}`: it exists only where a professional covers the commune.
type Place struct {
	Public
	TradeName    string // Plombier
	Commune      string
	Postcode     string
	Ask          string // the form's address, with the commune chosen
	Covered      int    // professionals whose coverage holds the commune
	Cases        []string
	Nearby       []Link
	FirstContact time.Duration
}

// Asking is `/demande/{trade}`, the call-back form; it posts to Action as multipart/form-data.
//
// Inputs: postcode, commune (INSEE code), each Question.Name, words, photos (files), kind (person|company), company, name (or title, first_name and
// last_name where Fields.Parted), phone, email, street, each Consent.Name ("yes"), pow_nonce, website (a trap: people leave it empty), and Form.Hidden as given. On an error the
// adapter answers 422 with the same view, everything typed in Form.Values; when the postcode has several communes and none was chosen,
// it fills Communes.
type Asking struct {
	Public
	Form
	Action        string // "/demande/plombier?…"
	TradeName     string
	For           string // the member who is asked by name; empty: none
	Urgent        bool   // one question a screen, where scripts run
	Communes      []Option
	Questions     []Question
	Photos        int // how many may be joined; 0 hides the question
	PhotoMB       int // each at most
	Fields        Fields
	Consents      []Consent
	Notice        Notice
	Work          Work
	FirstContact  time.Duration
	MayPreferCall bool // a code may prove the number, and the person may have it verified by a call instead
}

// Fields are what is asked of who sends a form, and what is said next to each of them, by its name: what the network needs it for.
type Fields struct {
	Street bool
	Parted bool // first and last name apart
	Title  bool // and how to address him, if he likes
	Why    map[string]string
}

// Work is the proof of work (hashcash) that a script does while the person types: the least pow_nonce, a decimal, such that
// SHA-256(Challenge ":" nonce) starts with Bits zero bits. The adapter checks it when pow_nonce is not empty and asks for a code by SMS
// when it is. The zero Work asks nothing.
type Work struct {
	Challenge string
	Bits      int
}

// CodeAsked is `/demande/code` and every other step that asks for a code (before `/ma-demande/corriger`). It posts code to Action, and
// an empty form to Resend.
type CodeAsked struct {
	Public
	Form
	Action   string
	Resend   string    // empty when no more codes may be sent
	ResendAt time.Time // not before
	SentTo   string    // masked: •• •• •• 12 34, or j•••@…
	ByMail   bool
	Digits   int
	Why      string // one sentence; ours when empty
}

// MyRequest is `/ma-demande`, opened by a private link. Forms: POST /ma-demande/stop (seat), /ma-demande/annuler, /ma-demande/retrait
// (consent), /ma-demande/suite (outcome).
type MyRequest struct {
	Public
	Topic     string // of /live
	Reference string
	Title     string // structured: Fuite sous évier
	Where     string // Nîmes 30000
	Status    Status
	Steps     []Step // oldest first; the last may have a clock
	Takers    []Taker
	Facts     []Fact
	Photos    []Picture
	Words     string
	Consents  []Given
	Checklist []string // what to check before works start (ET-81)
	FollowUp  []Option // "Comment cela s'est-il passé ?"; empty when nothing is asked
	CanCancel bool
	CanFix    bool
	Until     time.Time // the private link works until then
}

// Taker is a professional who took the request.
type Taker struct {
	Seat     string // id of the introduction
	Name     string // company
	Trade    string
	Town     string
	Phone    string // shown so that the consumer recognises the call
	Taken    time.Time
	CallBy   time.Time // the clock; zero once called
	Called   time.Time
	Stopped  bool // the consumer asked not to be contacted any more
	K, Seats int  // number K of at most Seats
}

// Given is a consent on record.
type Given struct {
	ID      string
	Wording string
	At      time.Time
	Channel string
	Final   bool // the terms: shown, not withdrawable
}

// Fix is `/ma-demande/corriger`: the same inputs as Asking, without consents; posts there.
type Fix struct {
	Public
	Form
	Questions []Question
	Communes  []Option
	Fields    Fields
	Sold      bool // says that who took the request is told of the change
}

// Stop is `/stop/{token}`: a link in a message. GET asks, POST does it; no message scanner can press the button.
type Stop struct {
	Public
	Action string
	What   string // "les SMS au sujet de votre demande ET-4F7K"
	Done   bool
}

// Failure is any error page: 400 401 403 404 405 410 413 421 422 429 500 503. Our words stand in for an empty Message.
type Failure struct {
	Public
	Status  int
	Message string
	Ref     string // to quote on the phone; of the log line
	Back    Link
	Space   bool // shown on the space host: no phone line, Site.Name is the operator
}

// title and advice say each failure in our words: what happened, then what to do.
func (v Failure) title() string {
	switch v.Status {
	case 400, 422:
		return v.T("Cette demande n’est pas lisible", "This request cannot be read")
	case 403:
		return v.T("Cette page ne vous est pas ouverte", "This page is not open to you")
	case 404:
		return v.T("Il n’y a rien à cette adresse", "There is nothing at this address")
	case 405:
		return v.T("Cette action n’existe pas ici", "This action does not exist here")
	case 401:
		if !v.Space {
			return v.T("Cette page s’ouvre par votre lien", "This page opens by your link")
		}
		return v.T("Connectez-vous d’abord", "Sign in first")
	case 410:
		return v.T("Ce lien n’est plus valable", "This link is no longer valid")
	case 413:
		return v.T("L’envoi est trop lourd", "What was sent is too large")
	case 421:
		return v.T("Ce site n’est pas ici", "This site is not here")
	case 429:
		return v.T("Trop d’essais en peu de temps", "Too many tries in a short time")
	case 503:
		return v.T("Le service est momentanément arrêté", "The service is stopped for a moment")
	}
	return v.T("Quelque chose n’a pas marché chez nous", "Something went wrong on our side")
}

func (v Failure) advice() string {
	switch v.Status {
	case 400, 422:
		return v.T("Revenez en arrière et recommencez.", "Go back and try again.")
	case 401:
		if !v.Space {
			return v.T("Ouvrez le lien du dernier message reçu.", "Open the link of the last message you received.")
		}
		return v.T("Votre connexion est terminée. Connectez-vous, puis recommencez : cet envoi n’a pas été pris.", "Your sign-in has ended. Sign in and do it again: this was not taken.")
	case 403:
		return v.T("Si elle devrait l’être, demandez-le à votre administrateur.", "If it should be, ask your administrator.")
	case 404, 405:
		return v.T("Vérifiez l’adresse, ou repartez de l’accueil.", "Check the address, or start from the home page.")
	case 410:
		return v.T("Les liens privés s’éteignent avec le temps, ou quand un nouveau est envoyé. Ouvrez le dernier message reçu.", "Private links expire, or end when a new one is sent. Open the last message you received.")
	case 413:
		return v.T("Choisissez des photos plus légères, ou moins de photos.", "Choose lighter photos, or fewer.")
	case 421:
		return v.T("Vérifiez le nom du site dans la barre d’adresse.", "Check the name of the site in the address bar.")
	case 429:
		return v.T("Attendez une minute, puis réessayez, ou appelez.", "Wait a minute, then try again, or call.")
	case 503:
		return v.T("Rien n’est perdu. Réessayez dans une minute, ou appelez.", "Nothing is lost. Try again in a minute, or call.")
	}
	return v.T("Rien de ce que vous avez envoyé auparavant n’est perdu. Réessayez dans une minute, ou appelez.", "Nothing you sent before is lost. Try again in a minute, or call.")
}
