package network

import "entremise/internal/fault"

// Form is the list of questions of a trade: forms/<name>.yaml.
type Form struct {
	Name      string     `yaml:"-"`
	Questions []Question `min:"1"` // Questions in order, by id.
}

// Question is one question of a form.
type Question struct {
	ID          string       `yaml:",key"`
	Label       fault.Text   // The question.
	Help        fault.Text   `yaml:",opt"` // A hint under it.
	Kind        QuestionKind // choice, choices, number, text, photos, date or yesno.
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
