package ui

// TicketQueue is `/messages`: what people write to the services of who is signed in.
type TicketQueue struct {
	Space
	Services []Link // each leads to its own messages; the current one has no address
	Due      []Due
	Past     bool
	Here     string // its own address without what is over
}

// TicketFile is `/messages/{id}`. Form: POST with do=reply|answer (text), note (note), move (service), assign (account).
type TicketFile struct {
	Space
	Form
	Action    string
	Reference string
	Title     string
	Status    Status
	Facts     []Fact
	Letters   []LetterShown
	Notes     []Step
	Steps     []Step
	Open      bool // it waits for an answer
	Services  []Option
	People    []Option // of its service
	Case      string   // its case, where the reader is the officer
}
