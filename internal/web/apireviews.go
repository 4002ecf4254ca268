package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/review"
	"entremise/internal/web/ui"
)

// What members' programs send about reviews, and what theirs and partners' read.

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
	action(a, http.MethodGet, "/reviews", anyone, "Published reviews, newest publication first, for the sites of a partner or of the member himself; never those whose authors object to being shown elsewhere. Ask for the removals at least once a day", func(v *visit, in *struct {
		Paged
		Member string `query:"member" maxLength:"64" pattern:"^[a-z0-9_]+$" doc:"Id of one member; a member's token reads his own in any case."`
	}) (*body[apiPage[FeedReview]], error) {
		after, err := feedMark(in.Cursor)
		if err != nil {
			return nil, err
		}
		all, err := v.Reviews.Feed(v.ctx, v.actor, review.FeedPage{Member: in.Member, After: after, Most: in.Limit + 1})
		if err != nil {
			return nil, err
		}
		out := apiPage[FeedReview]{Items: []FeedReview{}}
		all, out.Next = cut(all, in.Limit, func(r review.Syndicated) string { return mark{db.Micros(r.PublishedAt), r.Digits}.cursor() })
		for _, r := range all {
			out.Items = append(out.Items, v.feedReview(r.Review, r.Company, v.n.Sites[0].Host))
		}
		return &body[apiPage[FeedReview]]{out}, nil
	})
	action(a, http.MethodGet, "/reviews/removed", anyone, "Reviews that were published and that you may no longer show, oldest removal first: take them down when you read this. Keep next, and begin there the next day", func(v *visit, in *Paged) (*body[apiRemovals], error) {
		after, err := feedMark(in.Cursor)
		if err != nil {
			return nil, err
		}
		all, next, over, err := v.Reviews.Hidden(v.ctx, v.actor, after, in.Limit)
		if err != nil {
			return nil, err
		}
		out := apiRemovals{Items: []apiRemoval{}, Next: mark{db.Micros(next.At), next.Digits}.cursor(), More: !over}
		for _, h := range all {
			out.Items = append(out.Items, apiRemoval{h.Digits, h.Pro, h.At.UTC(), h.Why})
		}
		return &body[apiRemovals]{out}, nil
	})
}

type apiRemoval struct {
	Digits string    `json:"digits"`
	Member string    `json:"member"`
	At     time.Time `json:"removed_at"`
	Why    string    `json:"why" enum:"author,erased,time,member-left,objected,contrary" doc:"objected: the author wants it on our pages only; contrary: to the terms of use or to law."`
}

type apiRemovals struct {
	Items []apiRemoval `json:"items" nullable:"false"`
	Next  string       `json:"next" doc:"Where to go on, at once or another day; a removal of the last minute may come twice."`
	More  bool         `json:"more" doc:"Others follow: go on at once. Only who has read to the end was told everything."`
}

func feedMark(cursor string) (review.FeedMark, error) {
	m, err := markOf(cursor)
	if err == nil && (m.at < 0 || strings.Trim(m.id, "0123456789") != "") {
		err = errCursor
	}
	return review.FeedMark{At: db.Time(m.at), Digits: m.id}, err
}

// duePartners are programs that show reviews and have not asked in time which ones they may no longer show (RN-96).
func (v *visit) duePartners(page *ui.Today) error {
	late, err := v.Reviews.Behind(v.ctx, v.actor, listed)
	if err != nil || len(late) == 0 {
		return err
	}
	ids := make([]string, len(late))
	for i, b := range late {
		ids[i] = b.Account
	}
	known, err := v.Auth.Accounts(v.ctx, ids...)
	if err != nil {
		return err
	}
	to := "/journal" // what whoever may read this may read too
	if v.actor.Can(auth.TokenManage) {
		to = "/jetons"
	}
	for _, b := range late {
		page.Due = append(page.Due, ui.Due{Queue: v.lang.T("Partenaire", "Partner"), Title: v.lang.Tf("%s n’a pas lu les retraits d’avis", "%s has not read which reviews were removed", known[b.Account].Name),
			Detail: v.lang.Tf("%s à ne plus montrer : appelez ce partenaire, ou révoquez son jeton", "%s no longer to be shown: call this partner, or revoke its token", v.lang.Count(b.Count, "avis", "avis", "review", "reviews")), Href: to, Since: b.Since, By: b.Due})
	}
	return nil
}
