package web

import (
	"cmp"
	"net/http"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"

	"entremise/internal/request"
)

type apiWaiting struct {
	ID        string     `json:"id"`
	Ref       string     `json:"ref"`
	Title     string     `json:"title"`
	Trade     string     `json:"trade"`
	Place     apiPlace   `json:"place"`
	Urgency   apiChoice  `json:"urgency"`
	State     string     `json:"state"`
	At        time.Time  `json:"at"`
	Due       *time.Time `json:"due_at,omitempty" doc:"Of the promised call-back."`
	Taken     bool       `json:"taken" doc:"An agent works on it."`
	Published *time.Time `json:"published_at,omitempty"`
}

// apiDraft is request.Draft in the words of the API: the fields are the same ones, in the same order.
type apiDraft struct {
	Trade    string              `json:"trade,omitempty" maxLength:"60"`
	Urgency  string              `json:"urgency,omitempty" maxLength:"60"`
	Intent   string              `json:"intent,omitempty" maxLength:"60"`
	Postcode string              `json:"postcode,omitempty" maxLength:"10"`
	INSEE    string              `json:"insee,omitempty" maxLength:"10"`
	Answers  map[string][]string `json:"answers,omitempty"`
	Street   string              `json:"street,omitempty" maxLength:"400"`
	Kind     string              `json:"kind,omitempty" enum:",person,company"`
	Name     string              `json:"name,omitempty" maxLength:"200"`
	Company  string              `json:"company,omitempty" maxLength:"200"`
	Phone    string              `json:"phone,omitempty" maxLength:"40"`
	Email    string              `json:"email,omitempty" maxLength:"254"`
	Lang     string              `json:"lang,omitempty" enum:",fr,en"`
	Consents map[string]bool     `json:"consents,omitempty" doc:"Asked aloud."`
	Price    string              `json:"price,omitempty" maxLength:"20" doc:"Euros excl. VAT as typed; empty takes the suggestion."`
	Because  string              `json:"because,omitempty" maxLength:"400" doc:"Why another price."`
	Seats    int                 `json:"seats,omitempty" minimum:"0" maximum:"100" doc:"0: as the network says."`
	Members  []string            `json:"members,omitempty" doc:"Members to whom it is to be forwarded, by id, where the network forwards."`
	Seen     int                 `json:"seen,omitempty" minimum:"0" doc:"As the desk told it: how many corrections of the request this draft takes into account. A later one makes publishing a conflict."`
}

type apiDesk struct {
	ID         string         `json:"id"`
	Ref        string         `json:"ref"`
	State      string         `json:"state"`
	Draft      apiDraft       `json:"draft"`
	Wrong      []problemField `json:"wrong" doc:"What keeps it from being published."`
	Suggested  *apiPrice      `json:"suggested,omitempty"`
	Steps      []apiStep      `json:"steps" doc:"How the suggestion came about."`
	Candidates []apiCandidate `json:"candidates" doc:"Who would be asked, at most the nearest thirty."`
	Asked      int            `json:"asked" doc:"How many would be asked in all."`
	Consents   []apiConsent   `json:"consents"`
	Twins      []string       `json:"twins" doc:"References of other open requests of the same number."`
	Photos     int            `json:"photos"`
}

type apiStep struct {
	Because string `json:"because"`
	Add     int64  `json:"add_cents"`
}

type apiCandidate struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Metres int    `json:"distance_metres"`
}

type apiState struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

func (a api) agents() {
	oldest := func(a, b mark) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) }
	action(a, http.MethodGet, "/queue", auth.StaffMember, "Requests that wait, oldest first, at most two hundred", func(v *visit, in *struct {
		Paged
		State string `query:"state" enum:"received,published" default:"received" doc:"received: for an agent; published: for a buyer."`
	}) (*body[apiPage[apiWaiting]], error) {
		all, err := v.Requests.Queue(v.ctx, v.actor, request.State(in.State))
		if err != nil {
			return nil, err
		}
		out := apiPage[apiWaiting]{Items: []apiWaiting{}}
		all, out.Next, err = onward(all, in.Paged, func(w request.Waiting) mark { return mark{db.Micros(w.At), w.ID} }, oldest)
		if err != nil {
			return nil, err
		}
		for _, w := range all {
			out.Items = append(out.Items, apiWaiting{ID: w.ID, Ref: w.Ref, Title: w.Title, Trade: w.Trade, Place: placeOf(w.Request), Urgency: apiChoice{w.Urgency, v.say2(v.n.Urgency(w.Urgency))}, State: string(w.State),
				At: w.At.UTC(), Due: when(w.Due), Taken: w.TakenBy != "" && v.DB.Machine().Before(w.TakenUntil), Published: when(w.PublishedAt)})
		}
		return &body[apiPage[apiWaiting]]{out}, nil
	})
	action(a, http.MethodPost, "/requests/{id}/take", auth.StaffMember, "Take a waiting request; of two agents one gets it", func(v *visit, in *struct {
		Keyed
		ByID
	}) (*body[apiState], error) {
		word, err := v.once(in.Keyed, func() (string, error) { return "taken", v.Requests.Take(v.ctx, v.actor, in.ID) })
		return &body[apiState]{apiState{in.ID, word}}, err
	})
	action(a, http.MethodGet, "/requests/{id}/desk", auth.StaffMember, "A request with everything for its agent; each reading is recorded", func(v *visit, in *ByID) (*body[apiDesk], error) {
		d, err := v.Requests.OpenDesk(v.ctx, v.actor, in.ID)
		if err != nil {
			return nil, err
		}
		return &body[apiDesk]{v.apiDesk(d)}, nil
	})
	action(a, http.MethodPut, "/requests/{id}/draft", auth.StaffMember, "Keep what is typed so far", func(v *visit, in *struct {
		ByID
		Body apiDraft
	}) (*struct{}, error) {
		return nil, v.Requests.Save(v.ctx, v.actor, in.ID, request.Draft(in.Body))
	})
	action(a, http.MethodPost, "/requests/{id}/publish", auth.StaffMember, "Publish under your name", func(v *visit, in *struct {
		Keyed
		ByID
		Body apiDraft
	}) (*body[apiState], error) {
		word, err := v.once(in.Keyed, func() (string, error) {
			return "published", v.Requests.Publish(v.ctx, v.actor, in.ID, request.Draft(in.Body))
		})
		return &body[apiState]{apiState{in.ID, word}}, err
	})
}

func (v *visit) apiDesk(d request.Desk) apiDesk {
	out := apiDesk{ID: d.ID, Ref: d.Ref, State: string(d.State), Draft: apiDraft(d.Draft), Wrong: []problemField{}, Steps: []apiStep{}, Candidates: []apiCandidate{}, Asked: len(d.Candidates), Twins: []string{}, Photos: len(d.Photos)}
	for _, f := range d.Wrong {
		out.Wrong = append(out.Wrong, problemField{f.Name, v.say2(f.Text)})
	}
	if d.Suggested > 0 {
		p := priceOf(d.Suggested, d.Network.Introductions.Price.VAT)
		out.Suggested = &p
	}
	for _, s := range d.Steps {
		out.Steps = append(out.Steps, apiStep{v.say2(s.Because), int64(s.Delta)})
	}
	for _, c := range d.Candidates[:min(30, len(d.Candidates))] {
		out.Candidates = append(out.Candidates, apiCandidate{c.ID, d.Names[c.ID], c.Distance})
	}
	for _, c := range d.Consents {
		out.Consents = append(out.Consents, apiConsent{c.ID, v.say2(c.Wording), c.Required})
	}
	for _, t := range d.Twins {
		out.Twins = append(out.Twins, t.Ref)
	}
	return out
}
