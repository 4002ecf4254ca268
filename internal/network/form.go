package network

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"entremise/internal/fault"
)

// Form is the list of questions of a trade: forms/<name>.yaml.
type Form struct {
	Name      string     `yaml:"-"`
	Questions []Question `min:"1"` // Questions in order, by id.

	version string
}

// Version names exactly this form: SHA-256 over its file, 64 hexadecimal digits.
func (f *Form) Version() string { return f.version }

// Question is one question of a form.
type Question struct {
	ID          string       `yaml:",key"`
	Label       fault.Text   // The question.
	Help        fault.Text   `yaml:",opt"` // A hint under it.
	Kind        QuestionKind // choice, choices, number, text, photos, date, yesno, or mark.
	Data        Category     // Category of data that the answer belongs to; a purpose must claim it.
	Required    bool         `yaml:",opt"` // The form is not complete without it, when it is visible.
	ShownToPros bool         `yaml:",opt"` // On the board before purchase; never for text and photos.
	When        Cond         `yaml:",opt"` // Asked only if these answers were given.
	Options     []Option     `yaml:",opt"` // Options of a choice, by id.
	Unit        fault.Text   `yaml:",opt"` // Unit of a number.
	Min         int          `yaml:",opt"` // Least number.
	Max         int          `yaml:",opt"` // Greatest number; characters of a text; count of photos.
}

// Option is one answer of a choice.
type Option struct {
	ID    string     `yaml:",key"`
	Label fault.Text `yaml:",value"`
}

// Cond is a condition on answers: each term must hold.
type Cond []Term

// Term holds when the question has at least one of the answers.
type Term struct {
	Question string   `yaml:",key"`
	OneOf    []string `yaml:",value" one:"true"`
}

// Answers to a form by question id: one value for choice, number, text, date and yesno, any number for choices and photos.
type Answers map[string][]string

// maxAnswers bounds what is read of one request, in questions and in values of one question.
const maxAnswers = 60

// Question finds a question by id.
func (f *Form) Question(id string) (Question, bool) {
	return find(f.Questions, func(q Question) bool { return q.ID == id })
}

// Holds reports whether every term has one of its answers.
func (c Cond) Holds(a Answers) bool {
	for _, t := range c {
		if !slices.ContainsFunc(a[t.Question], func(v string) bool { return slices.Contains(t.OneOf, v) }) {
			return false
		}
	}
	return true
}

// Visible lists the questions to ask after these answers, in order. A question is hidden with the one that it depends on, so an answer
// left over from an earlier choice shows nothing.
func (f *Form) Visible(a Answers) []Question {
	var out []Question
	seen := Answers{}
	for _, q := range f.Questions { // Check holds conditions to earlier questions, so one pass is enough
		if q.When.Holds(seen) {
			out = append(out, q)
			seen[q.ID] = a[q.ID]
		}
	}
	return out
}

// Validate checks a whole set of answers. Clean holds those to visible questions only, trimmed, options in the order of the form; the
// fault names every wrong field as "answers.<question>".
func (f *Form) Validate(raw map[string][]string) (clean Answers, err error) {
	return f.check(raw, true)
}

// Draft is Validate without the required answers, for what is being filled in.
func (f *Form) Draft(raw map[string][]string) (clean Answers, err error) { return f.check(raw, false) }

func (f *Form) check(raw map[string][]string, whole bool) (Answers, error) {
	var c fault.Check
	if len(raw) > maxAnswers {
		c.Add("answers", fault.T("Il y a trop de réponses.", "There are too many answers."))
		return nil, c.Err()
	}
	for _, id := range slices.Sorted(maps.Keys(raw)) {
		if _, ok := f.Question(id); !ok {
			c.Add("answers."+clip(id), fault.T("Cette question n’existe pas.", "There is no such question."))
		}
	}
	clean := Answers{}
	for _, q := range f.Questions {
		if !q.When.Holds(clean) {
			continue
		}
		values, wrong := q.read(raw[q.ID])
		switch {
		case wrong.FR != "":
			c.Add("answers."+q.ID, wrong)
		case len(values) > 0:
			clean[q.ID] = values
		case q.Required && whole:
			c.Add("answers."+q.ID, q.missing())
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return clean, nil
}

func (q Question) missing() fault.Text {
	switch q.Kind {
	case KindChoice, KindChoices, KindYesNo:
		return fault.T("Choisissez une réponse.", "Choose an answer.")
	case KindMark:
		return fault.Tf("Donnez une note de 1 à %d.", "Give a mark from 1 to %d.", q.Max)
	case KindNumber:
		return fault.T("Écrivez un nombre.", "Write a number.")
	case KindPhotos:
		return fault.T("Ajoutez une photo.", "Add a photo.")
	case KindDate:
		return fault.T("Choisissez une date.", "Choose a date.")
	}
	return fault.T("Écrivez une réponse.", "Write an answer.")
}

var photoID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// read cleans the values of one question; wrong is the sentence beside the field.
func (q Question) read(raw []string) (values []string, wrong fault.Text) {
	for _, v := range raw[:min(len(raw), maxAnswers)] {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return nil, fault.Text{}
	}
	if len(values) > 1 && q.Kind != KindChoices && q.Kind != KindPhotos || len(raw) > maxAnswers {
		return nil, fault.T("Donnez une seule réponse.", "Give one answer only.")
	}
	v := values[0]
	switch q.Kind {
	case KindChoice, KindChoices:
		var ordered []string
		for _, o := range q.Options {
			if slices.Contains(values, o.ID) {
				ordered = append(ordered, o.ID)
			}
		}
		if slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(ordered, v) }) {
			return nil, fault.T("Choisissez une réponse de la liste.", "Choose an answer from the list.")
		}
		return ordered, fault.Text{}
	case KindYesNo:
		if v != "yes" && v != "no" {
			return nil, fault.T("Répondez par oui ou par non.", "Answer yes or no.")
		}
	case KindNumber:
		n, err := strconv.Atoi(v)
		if err != nil || len(v) > 9 || n < q.Min || n > q.Max {
			return nil, fault.Tf("Écrivez un nombre entier entre %d et %d.", "Write a whole number between %d and %d.", q.Min, q.Max)
		}
		return []string{strconv.Itoa(n)}, fault.Text{}
	case KindMark:
		if n, err := strconv.Atoi(v); err != nil || len(v) > 2 || n < 1 || n > q.Max || strconv.Itoa(n) != v {
			return nil, q.missing()
		}
	case KindDate:
		var d Date
		if !d.set(v) {
			return nil, fault.T("Choisissez une date.", "Choose a date.")
		}
	case KindText:
		if !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }) {
			return nil, fault.T("Ce texte contient un caractère qui ne se lit pas. Effacez-le.", "This text holds an unreadable character. Remove it.")
		}
		if utf8.RuneCountInString(v) > q.Max {
			return nil, fault.Tf("Raccourcissez ce texte : %d caractères au plus.", "Shorten this text: %d characters at most.", q.Max)
		}
	case KindPhotos:
		if len(values) > q.Max {
			return nil, fault.Tf("Gardez %d photos au plus.", "Keep %d photos at most.", q.Max)
		}
		if slices.ContainsFunc(values, func(v string) bool { return !photoID.MatchString(v) }) {
			return nil, fault.T("Cette photo n’est pas arrivée. Ajoutez-la de nouveau.", "This photo did not arrive. Add it again.")
		}
	}
	return values, fault.Text{}
}

// Line is one answer in words.
type Line struct {
	Question string
	Label    fault.Text
	Value    fault.Text
}

// Board lists what a professional sees before buying: structured answers to questions marked shown_to_pros. Free text and photos never
// appear, whatever the file says, because people write their names and streets in them.
func (f *Form) Board(a Answers) []Line {
	return f.lines(a, func(q Question) bool { return q.ShownToPros && q.Kind != KindText && q.Kind != KindPhotos })
}

// Sheet lists every answer but photos: for the agent, the consumer, and the professional after the purchase.
func (f *Form) Sheet(a Answers) []Line {
	return f.lines(a, func(q Question) bool { return q.Kind != KindPhotos })
}

func (f *Form) lines(a Answers, show func(Question) bool) []Line {
	var out []Line
	for _, q := range f.Visible(a) {
		if len(a[q.ID]) > 0 && show(q) {
			out = append(out, Line{q.ID, q.Label, q.Say(a[q.ID])})
		}
	}
	return out
}

// Say writes an answer to the question as a person reads it.
func (q Question) Say(values []string) fault.Text {
	var fr, en []string
	for _, v := range values {
		t := fault.T(v, v)
		switch q.Kind {
		case KindChoice, KindChoices:
			o, _ := find(q.Options, func(o Option) bool { return o.ID == v })
			t = fault.T(o.Label.FR, o.Label.Say("en"))
		case KindYesNo:
			t = fault.T("oui", "yes")
			if v == "no" {
				t = fault.T("non", "no")
			}
		case KindNumber:
			t = fault.T(v+"\u00a0"+q.Unit.FR, v+"\u00a0"+q.Unit.Say("en"))
		case KindMark:
			t = fault.Tf("%s sur %d", "%s out of %d", v, q.Max)
		case KindDate:
			t = fault.T(Date(v).Say("fr"), Date(v).Say("en"))
		}
		fr, en = append(fr, t.FR), append(en, t.EN)
	}
	return fault.T(strings.Join(fr, ", "), strings.Join(en, ", "))
}
