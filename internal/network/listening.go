package network

import (
	"slices"

	"entremise/internal/fault"
)

// Listening says why recordings of calls are heard, by whom, and whether a provider may be lent one (ET-146, 147; AQ-14, 15). It speaks of
// recordings that exist: a network that has ceased to record keeps it until the last one is gone. Without it nobody hears any.
type Listening struct {
	Reasons []Reason `min:"1"`     // Reasons for which a recording is heard; there are no others.
	Lend    *Lending `yaml:",opt"` // A link to one recording for a provider who settles a dispute; none if absent.
}

// Reason is why a recording is heard.
type Reason struct {
	ID      string     `yaml:",key"`
	Label   fault.Text // The reason in words, beginning with a verb.
	Purpose string     // Id of the purpose that it belongs to: the recording's basis and duration.
	By      []Role     `min:"1"` // Roles of staff that may listen for it: supervisor or administrator.
}

// Lending is the access of a provider to one recording.
type Lending struct {
	To      []string `min:"1"` // Ids of recipients with the role processor, which receive the purpose's data.
	Purpose string   // Id of the purpose that it belongs to.
	By      []Role   `min:"1"` // Roles of staff that may lend: supervisor or administrator.
	For     Duration // Longest life of the link, up to one month.
}

// Hearers are the roles of staff that may hear recordings at all: employees who supervise the telephone and those who lead the house (ET-147).
func Hearers() []Role { return []Role{RoleSupervisor, RoleAdministrator} }

// Reason finds a reason for listening by its id.
func (n *Network) Reason(id string) (Reason, bool) {
	if n.Listening == nil {
		return Reason{}, false
	}
	i := slices.IndexFunc(n.Listening.Reasons, func(r Reason) bool { return r.ID == id })
	if i < 0 {
		return Reason{}, false
	}
	return n.Listening.Reasons[i], true
}

// longestLoan bounds a link to a recording: whoever needs longer is lent it again, with a reason again.
var longestLoan = Duration{1, UnitMonth}

func (c *checker) listening() {
	l := c.n.Listening
	if l == nil {
		if c.n.Modules.Recordings != nil {
			c.remark("listening", "des appels sont enregistrés et personne ne peut les écouter : dites pourquoi et par qui dans « listening », ou n’enregistrez pas (RGPD art. 5.1 c).",
				`calls are recorded and nobody may listen to them: say why and by whom in "listening", or do not record (GDPR art. 5.1 c).`)
		}
		return
	}
	for _, r := range l.Reasons {
		path := "listening.reasons." + r.ID
		c.heardFor(path, r.Purpose)
		c.heardBy(path, r.By)
	}
	if l.Lend == nil {
		return
	}
	path := "listening.lend"
	p := c.heardFor(path, l.Lend.Purpose)
	c.heardBy(path, l.Lend.By)
	for _, id := range l.Lend.To {
		if r, ok := c.n.Recipient(id); !ok || r.Role != RecipientProcessor || !slices.Contains(p.Recipients, id) {
			c.wrong(path+".to", "« %s » doit être un destinataire de cette finalité, au rôle processor : seul un prestataire sous contrat écoute un enregistrement.",
				"%q must be a recipient of this purpose, with the role processor: only a provider under contract hears a recording.", clip(id))
		}
	}
	if l.Lend.For.approx() > longestLoan.approx() {
		c.wrong(path+".for", "un lien vers un enregistrement vit %s au plus : « %s » est trop long.", "a link to a recording lives %s at most: %s is too long.", longestLoan, l.Lend.For)
	}
}

// heardFor holds a reason to a purpose that keeps recordings.
func (c *checker) heardFor(path, id string) Purpose {
	p, ok := c.n.Purpose(id)
	if !ok || !slices.Contains(p.Data, DataRecording) {
		c.wrong(path+".purpose", "« %s » n’est pas une finalité de purposes qui garde « call-recording » : une écoute appartient à la finalité pour laquelle l’appel est enregistré (RGPD art. 5.1 b).",
			"%q is not a purpose of purposes that keeps call-recording: listening belongs to the purpose for which the call is recorded (GDPR art. 5.1 b).", clip(id))
	}
	return p
}

func (c *checker) heardBy(path string, roles []Role) {
	for _, r := range roles {
		if !slices.Contains(Hearers(), r) {
			c.wrong(path+".by", "le rôle %s n’écoute pas d’enregistrement : écrivez supervisor ou administrator.", "the role %s hears no recording: write supervisor or administrator.", r)
		}
	}
}
