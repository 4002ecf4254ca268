// Package call takes telephone calls: who may answer, what must be said first, what is recorded and who may hear it.
//
// Promises. Of several agents one gets a call. Nothing is asked before the recording was announced (ET-143); who refuses it leaves nothing that
// anybody can read (ET-144). Only a share of the calls is recorded, whatever the public document says (CNIL: never all of them), and the
// draw cannot be swayed by what is said. A recording is heard for one of the reasons that the network file names, by the roles that it names, and
// each hearing leaves a line (ET-146, 147); one may be lent to a provider under a legal hold (AQ-15). What the line keeps of a call goes when our
// copy goes, and until it confirms that, it shows (ET-148).
//
// A call goes ringing → answered → talking → ended. Instead of talking it may end as refused, and instead of answered as missed; a missed one
// is called back, which takes the same steps again.
package call

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/request"
)

// Holdings of this room. The caller's number hangs on the person that his request will be about, so that erasing one erases both.
func Holdings() []privacy.Holding {
	return []privacy.Holding{
		{Table: "call", Person: "person_id", Record: "id", Category: network.DataContact, Columns: []string{"caller_sealed", "caller_bidx"}, Whose: network.Consumer},
		{Table: "recording", Person: "person_id", Record: "call_id", Category: network.DataRecording, Columns: []string{"sound_sealed"}, Whose: network.Consumer, Rows: true},
		{Table: "recording_loan", Person: "person_id", Record: "call_id", Category: network.DataRecording, Columns: []string{"why_sealed"}, Whose: network.Consumer, Rows: true},
		{Table: "line_copy", Person: "person_id", Record: "call_id", Category: network.DataRecording, Columns: []string{"held"}, Whose: network.Consumer}, // emptied: the line is asked to delete
	}
}

const (
	catContact   = string(network.DataContact)
	catRecording = string(network.DataRecording)
)

// State of a call.
type State string

// States.
const (
	Ringing  State = "ringing"
	Answered State = "answered" // an agent has it; the caller has not agreed yet
	Talking  State = "talking"  // the caller agreed: his request is open
	Refused  State = "refused"  // the caller refused the recording; nothing of him is left
	Ended    State = "ended"
	Missed   State = "missed" // nobody answered, or nobody was reached: to be called back
)

const (
	// head is how long a call rings only for agents who practise its trade (ET-19): four rings. Longer, and a caller whose flat is under
	// water hangs up; shorter, and nobody who has to put a tool down answers first. Machine time: it is about people's hands.
	head = 20 * time.Second
	// ringsFor is how long a call may ring before it counts as missed, in business time.
	ringsFor = time.Minute
	// leftOpen is how long a call may last before it is taken for one that nobody ended, in business time.
	leftOpen = 4 * time.Hour
	// mostTries bounds the attempts to call somebody back: four in thirty days, the measure of C. conso. D223-9.
	mostTries = 4
)

// Call is one call as agents see it in lists: the number is masked.
type Call struct {
	ID        string
	Site      string // host
	Trade     string // empty: unknown before somebody asks
	Out       bool   // we called back
	State     State
	Agent     string    // account
	At        time.Time // it began to ring, or was begun by hand
	Answered  time.Time
	Announced time.Time
	Accepted  time.Time // the caller agreed to what was announced
	Ended     time.Time
	Request   string // opened when the caller agreed
	Sampled   bool   // recorded: in the share that the file says
	Tries     int    // attempts to call back
	Number    string // masked; empty when withheld or erased
	Withheld  bool
	Recording string        // its id, once it is here
	Length    time.Duration // of the recording

	First []string          // trades whose agents alone may answer until Opens; none: anybody trained
	Opens time.Time         // machine time
	Mine  bool              // this actor may answer it now
	Known []request.Request // open requests of this number

	person, index, line string
	sealed              []byte
	rang                time.Time // machine time
}

// Script is what an agent says on a site's line, in the operator's words.
type Script struct {
	Announcement string // first, when calls may be recorded; else empty
	Refusal      string // to somebody who refuses
	Steps        []network.Wording
}

// Words fills the script of a network for a site.
func Words(n *network.Network, host, lang string) Script {
	name := n.Operator.Name
	if site, ok := n.Site(host); ok {
		if own := site.Name.Say(lang); own != "" {
			name = own
		}
	}
	fill := strings.NewReplacer("{site}", name)
	s := Script{}
	if n.Modules.Recordings != nil {
		s.Announcement, s.Refusal = fill.Replace(n.Call.Announcement.Say(lang)), fill.Replace(n.Call.Refusal.Say(lang))
	}
	for _, step := range n.Call.Steps {
		s.Steps = append(s.Steps, network.Wording{ID: step.ID, Text: fault.T(fill.Replace(step.Text.FR), fill.Replace(step.Text.EN))})
	}
	return s
}

// sampled draws whether a call is recorded, from its id alone: nobody can bring it about or avoid it, and anybody with the key can check it.
// share is in hundredths of a percent; the remainder of 2^64 by 10,000 biases it by less than one in 10^15.
func sampled(key []byte, id string, share money.Rate) bool {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id))
	return binary.BigEndian.Uint64(m.Sum(nil))%10_000 < uint64(max(share, 0))
}

// firstOf are the agents for whom a call rings first: those on duty and free who practise one of its trades. Empty: it rings for all (ET-19).
func firstOf(trades []string, duty map[string][]string, busy map[string]bool) map[string]bool {
	first := map[string]bool{}
	for agent, practised := range duty {
		for _, t := range practised {
			for _, wanted := range trades {
				if t == wanted && !busy[agent] {
					first[agent] = true
				}
			}
		}
	}
	return first
}

// maySee lets agents and those who may hear recordings look at calls.
func maySee(a auth.Actor) error {
	if a.Can(auth.RecordingHear) {
		return nil
	}
	return a.May(auth.CallAnswer)
}

// mine keeps a call to the agent who has it.
func mine(a auth.Actor, c Call) error {
	if err := a.May(auth.CallAnswer); err != nil {
		return err
	}
	if a.Who != auth.System && c.Agent != a.Account {
		return errTaken
	}
	return nil
}

var (
	errNone     = fault.New(fault.Missing, "no-call", fault.T("Cet appel n’existe pas.", "There is no such call."))
	errTaken    = fault.New(fault.Conflict, "call-taken", fault.T("Un autre conseiller a déjà pris cet appel.", "Another agent has taken this call already."))
	errOver     = fault.New(fault.Conflict, "call-over", fault.T("Cet appel est terminé.", "This call is over."))
	errFirst    = fault.New(fault.Conflict, "call-of-the-trade", fault.T("Cet appel sonne d’abord chez un conseiller du métier. Vous pourrez le prendre dans quelques secondes.", "This call rings first for an agent of the trade. You can take it in a few seconds."))
	errAnnounce = fault.New(fault.Conflict, "announce-first", fault.T("Faites d’abord l’annonce de l’enregistrement.", "Announce the recording first."))
	errBack     = fault.New(fault.Conflict, "not-to-call-back", fault.T("Cet appel n’est plus à rappeler.", "This call need not be called back any more."))
	errSite     = fault.New(fault.Missing, "no-line", fault.T("Aucun site n’a cette ligne.", "No site has this line."))
	errSound    = fault.New(fault.Missing, "no-recording", fault.T("Cet enregistrement n’existe pas ou n’existe plus.", "There is no such recording, or it is gone."))
)
