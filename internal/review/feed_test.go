package review_test

import (
	"fmt"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/rig"
)

func partner(t *testing.T, r *rig.Rig) auth.Actor {
	t.Helper()
	_, token, err := r.Auth.NewAffiliate(ctx, r.One(t, network.RoleAdministrator), "Annuaire Exemple", fmt.Sprintf("partenaire%d@annuaire.example", r.Next()), "Engagement 2026-11")
	must(t, err)
	a, err := r.Auth.Token(ctx, token)
	must(t, err)
	return a
}

// Every removal reaches each partner that showed reviews, at once and whatever its cause, or stands before the staff when its time is over (RN-59, 60, 96).
func TestFeed_andWhoWasToldOfRemovals(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, other, boss, moderator := member(t, r), member(t, r), r.One(t, network.RoleAdministrator), r.Staff(t, network.RoleModerator)
		reads, silent := partner(t, r), partner(t, r)
		var links []auth.Actor
		var all []string // digits, oldest publication first
		for i, of := range []auth.Actor{m, m, m, other} {
			email := fmt.Sprintf("auteur%d@example.com", i)
			links = append(links, invited(t, r, of, as(email, "")))
			dep, err := r.Reviews.Deposit(ctx, links[i], answer("5"))
			must(t, err)
			all = append(all, dep.Digits)
			r.Clock.Add(time.Hour)
			decide(t, r, fine)
		}
		feed := func(by auth.Actor, p review.FeedPage) (found []string) {
			t.Helper()
			if p.Most == 0 {
				p.Most = 100
			}
			got, err := r.Reviews.Feed(ctx, by, p)
			must(t, err)
			for _, s := range got {
				if s.Company == "" || s.Content.Comment == "" {
					t.Errorf("%+v", s)
				}
				found = append(found, s.Digits)
			}
			return found
		}
		same := func(got []string, want ...string) {
			t.Helper()
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%v, want %v", got, want)
			}
		}
		same(feed(silent, review.FeedPage{}), all[3], all[2], all[1], all[0])
		same(feed(reads, review.FeedPage{Member: m.Pro}), all[2], all[1], all[0])
		same(feed(m, review.FeedPage{}), all[2], all[1], all[0])
		same(feed(other, review.FeedPage{Member: other.Pro}), all[3])
		_, err := r.Reviews.Feed(ctx, other, review.FeedPage{Member: m.Pro, Most: 1})
		code(t, err, "no-company")
		_, err = r.Reviews.Feed(ctx, moderator, review.FeedPage{Most: 1})
		code(t, err, "not-permitted")
		page, err := r.Reviews.Feed(ctx, reads, review.FeedPage{Most: 2})
		must(t, err)
		same(feed(reads, review.FeedPage{After: review.FeedMark{At: page[1].PublishedAt, Digits: page[1].Digits}}), all[1], all[0])

		start, most := review.FeedMark{}, 100
		hidden := func(by auth.Actor) (found []string) {
			t.Helper()
			for {
				got, next, over, err := r.Reviews.Hidden(ctx, by, start, most)
				must(t, err)
				for _, h := range got {
					found = append(found, h.Digits+" "+h.Why)
				}
				if start = next; over {
					return found
				}
			}
		}
		same(hidden(reads))
		// Objected to, taken back, objected to again; withdrawn; contrary.
		r.Clock.Add(time.Hour)
		for _, may := range []bool{false, true, false} {
			r.Clock.Add(time.Minute)
			must(t, r.Reviews.Share(ctx, links[0], may))
		}
		r.Clock.Add(time.Minute)
		must(t, r.Reviews.Withdraw(ctx, links[1]))
		r.Clock.Add(time.Minute + time.Second)
		_, err = r.Reviews.One(ctx, all[0]) // on the network's own pages it stays
		must(t, err)
		three, err := r.Reviews.One(ctx, all[2])
		must(t, err)
		must(t, r.Reviews.Remove(ctx, moderator, three.ID, "unlawful"))
		same(feed(reads, review.FeedPage{}), all[3])
		same(feed(m, review.FeedPage{}))
		most = 1 // page by page; what is of the last minute comes again
		same(hidden(reads), all[0]+" objected", all[1]+" author", all[2]+" contrary")
		same(hidden(reads), all[2]+" contrary")
		r.Clock.Add(2 * time.Minute)
		same(hidden(reads), all[2]+" contrary")
		same(hidden(reads))
		start = review.FeedMark{}
		same(hidden(other))
		start = review.FeedMark{}
		same(hidden(m), all[0]+" objected", all[1]+" author", all[2]+" contrary")
		// Who may be shown again is no removal any more.
		must(t, r.Reviews.Share(ctx, links[0], true))
		start = review.FeedMark{}
		same(hidden(reads), all[1]+" author", all[2]+" contrary")
		same(feed(reads, review.FeedPage{}), all[3], all[0])

		behind := func() []review.Behind {
			t.Helper()
			b, err := r.Reviews.Behind(ctx, boss, 10)
			must(t, err)
			return b
		}
		if b := behind(); len(b) != 0 {
			t.Fatalf("in time: %+v", b)
		}
		r.Clock.Add(7 * 24 * time.Hour)
		b := behind()
		if len(b) != 1 || b[0].Account != silent.Account || b[0].Count != 2 || b[0].Due.After(r.Clock.Now()) {
			t.Fatalf("%+v", b)
		}
		_, err = r.Reviews.Behind(ctx, moderator, 10)
		code(t, err, "not-permitted")
		start, most = review.FeedMark{}, 1
		_, _, over, err := r.Reviews.Hidden(ctx, silent, start, most)
		must(t, err)
		if over || len(behind()) != 1 {
			t.Fatal("half of them is not told")
		}
		hidden(silent)
		if b := behind(); len(b) != 0 {
			t.Fatalf("told: %+v", b)
		}
		// An erasure reaches who had not shown it any more, too; who has no token any more is no partner.
		must(t, r.Reviews.Withdraw(ctx, links[3]))
		r.Clock.Add(8 * 24 * time.Hour)
		if b := behind(); len(b) != 2 {
			t.Fatalf("%+v", b)
		}
		tokens, err := r.Auth.Tokens(ctx, boss, silent.Account)
		must(t, err)
		must(t, r.Auth.RevokeToken(ctx, boss, tokens[0].ID))
		if b := behind(); len(b) != 1 || b[0].Account != reads.Account {
			t.Fatalf("%+v", b)
		}
	})
}
