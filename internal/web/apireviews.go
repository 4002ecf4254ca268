package web

import (
	"encoding/json"
	"net/http"
	"time"

	"entremise/internal/auth"
	"entremise/internal/review"
)

// What members' programs send about reviews.

type apiInvitee struct {
	Name    string `json:"name" maxLength:"200"`
	Email   string `json:"email" maxLength:"254"`
	Phone   string `json:"phone,omitempty" maxLength:"30"`
	Service string `json:"service" maxLength:"400" doc:"What was bought or, of an employee, the post."`
	On      string `json:"on" maxLength:"10" doc:"ISO date; of an employee the first day."`
	Until   string `json:"until,omitempty" maxLength:"10" doc:"ISO date: a former employee's last day."`
}

type apiInvite struct {
	Keyed
	Body struct {
		Questionnaire string       `json:"questionnaire" maxLength:"64"`
		Lang          string       `json:"lang,omitempty" enum:"fr,en" doc:"French unless said."`
		Items         []apiInvitee `json:"items" minItems:"1" maxItems:"500" nullable:"false"`
	}
}

type apiWrong struct {
	Item   int            `json:"item" doc:"Its place in items, from 0."`
	Errors []problemField `json:"errors"`
}

type apiRepeat struct {
	Item  int        `json:"item"`
	First *int       `json:"first,omitempty" doc:"The earlier item with the same address."`
	Asked *time.Time `json:"asked,omitempty" doc:"When this address was asked before."`
}

type apiInvitations struct {
	Invited  int         `json:"invited"`
	Wrong    []apiWrong  `json:"wrong" nullable:"false"`
	Repeated []apiRepeat `json:"repeated" nullable:"false"`
}

type apiAudience struct {
	Audience string `json:"audience" enum:"customer,employee"`
	Sent     int64  `json:"sent"`
	Answered int64  `json:"answered"`
	Expired  int64  `json:"expired"`
	Closed   int64  `json:"closed"`
}

func (a api) reviews() {
	action(a, http.MethodPost, "/invitations", auth.Professional, "Ask people for a review of you: the good items go, the others come back", func(v *visit, in *apiInvite) (*body[apiInvitations], error) {
		word, err := v.once(in.Keyed, func() (string, error) {
			l := review.List{Key: in.Key, Questionnaire: in.Body.Questionnaire, Lang: in.Body.Lang, Site: v.n.Sites[0].Host}
			for i, p := range in.Body.Items {
				l.Rows = append(l.Rows, review.Row{Line: i + 1, Name: p.Name, Email: p.Email, Phone: p.Phone, Experience: review.Experience{Service: p.Service, On: p.On, Until: p.Until}})
			}
			p, err := v.Reviews.InviteList(v.ctx, v.actor, l)
			if err != nil {
				return "", err
			}
			out := apiInvitations{Invited: p.Invited, Wrong: []apiWrong{}, Repeated: []apiRepeat{}}
			for _, w := range p.Wrong {
				x := apiWrong{Item: w.Line - 1}
				for _, f := range w.Fields {
					x.Errors = append(x.Errors, problemField{Field: f.Name, Detail: v.say2(f.Text)})
				}
				out.Wrong = append(out.Wrong, x)
			}
			for _, r := range p.Repeats {
				x := apiRepeat{Item: r.Line - 1, Asked: when(r.At)}
				if r.First > 0 {
					first := r.First - 1
					x.First = &first
				}
				out.Repeated = append(out.Repeated, x)
			}
			word, err := json.Marshal(out) // places and the names of fields: nothing of anybody
			return string(word), err
		})
		if err != nil {
			return nil, err
		}
		out := &body[apiInvitations]{}
		return out, json.Unmarshal([]byte(word), &out.Body)
	})
	action(a, http.MethodGet, "/invitations", auth.Professional, "How many were asked, and answered", func(v *visit, _ *struct{}) (*body[apiPage[apiAudience]], error) {
		_, counts, err := v.Reviews.Invitations(v.ctx, v.actor, "", 0)
		if err != nil {
			return nil, err
		}
		out := apiPage[apiAudience]{Items: []apiAudience{}}
		for _, q := range v.n.Reviews.Questionnaires {
			if c, ok := counts[q.Audience]; ok {
				out.Items = append(out.Items, apiAudience{string(q.Audience), c["sent"], c["answered"], c["expired"], c["closed"]})
				delete(counts, q.Audience)
			}
		}
		return &body[apiPage[apiAudience]]{out}, nil
	})
}
