package request_test

import (
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/phone"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// A professional calls once the person was told his name: at once, because the text leaves in a moment; not while the service that should carry it
// is down; and where no message can reach the number, an agent has said it aloud.
func TestDetail_saysWhetherHeMayCall(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		buy := func(change ...func(*request.Ask)) (buyer, string) {
			id, b := published(t, r, change...)
			r.Drain(t)
			bought, err := b.buy(r, id, "wallet")
			must(t, err)
			return b, bought.Purchase
		}
		may := func(b buyer, purchase string) (bool, string) {
			d, err := r.Requests.Detail(ctx, b.Actor, purchase)
			must(t, err)
			return d.May.May, d.May.Rule
		}
		b, purchase := buy()
		if yes, rule := may(b, purchase); !yes || rule != "own-request" {
			t.Errorf("as the text leaves: %v by %s", yes, rule)
		}
		r.Post.Answer(func(string) notify.Delivery { return notify.Delivery{Outcome: notify.Later, Code: "http 503"} })
		r.Drain(t)
		if yes, rule := may(b, purchase); yes || rule != "unannounced" {
			t.Errorf("while the gateway is down: %v by %s", yes, rule)
		}
		r.Post.Answer(nil)
		r.Clock.AddMachine(10 * time.Minute)
		r.Drain(t)
		if yes, rule := may(b, purchase); !yes || rule != "own-request" {
			t.Errorf("once it left: %v by %s", yes, rule)
		}
		landline := func(in *request.Ask) { in.Phone, in.Email = "04 65 71 00 77", "" }
		b, purchase = buy(landline)
		r.Drain(t)
		if yes, rule := may(b, purchase); !yes || rule != "own-request" {
			t.Errorf("a landline without e-mail: %v by %s", yes, rule)
		}
		d, err := r.Requests.Detail(ctx, b.Actor, purchase)
		must(t, err)
		must(t, r.Requests.StopContact(ctx, auth.Actor{Who: auth.Consumer, Request: d.Request.ID}, purchase))
		if yes, rule := may(b, purchase); yes || rule != "request-over" {
			t.Errorf("after the person stopped him: %v by %s", yes, rule)
		}
	})
}

// STOP ends not only messages: it takes back the consent under which they would be sent, for every request of that number.
func TestStopSMS_takesTheConsentBack(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agreed := func(in *request.Ask) { in.Consents["opinion"] = true }
		number := ""
		first := r.Ask(t, agreed, func(in *request.Ask) { number = in.Phone })
		second := r.Ask(t, agreed, func(in *request.Ask) {
			in.Phone, in.Trade, in.Answers = number, "serrurier", map[string][]string{"problem": {"locked-out"}, "locked_twice": {"no"}, "door": {"entrance"}}
		})
		other := r.Ask(t, agreed)
		r.Clock.Add(time.Minute)
		e164, err := phone.Parse(number, "30", true)
		must(t, err)
		must(t, r.Requests.StopSMS(ctx, e164))
		for id, want := range map[string]bool{first.ID: false, second.ID: false, other.ID: true} {
			_, _, all, _, err := r.Requests.Choices(ctx, auth.Actor{Who: auth.Consumer, Request: id})
			must(t, err)
			stands, channel := false, ""
			for _, g := range all {
				if g.Consent == "opinion" {
					stands, channel = g.Stands(r.DB.Now()), g.Channel
				}
			}
			if stands != want || !want && channel != "sms" {
				t.Errorf("%s: stands %v, last said by %s", id, stands, channel)
			}
		}
	})
}

// What staff take back names how and where, and no person; a consent that does not exist is told as such.
func TestWithdrawFor_namesHowAndWhere(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		s := r.Ask(t, func(in *request.Ask) { in.Consents["opinion"] = true })
		agent := r.One(t, network.RoleAgent)
		code(t, r.Requests.WithdrawFor(ctx, agent, s.ID, "opinion", "rumour", ""), "invalid-fields")
		code(t, r.Requests.WithdrawFor(ctx, agent, s.ID, "opinion", "paper", "lettre de Mme Fuite"), "invalid-fields")
		code(t, r.Requests.WithdrawFor(ctx, agent, s.ID, "call-me", "phone", ""), "no-such-consent")
		code(t, r.Requests.WithdrawFor(ctx, r.One(t, network.RoleAccountant), s.ID, "opinion", "phone", ""), "not-permitted")
		r.Clock.Add(time.Second)
		must(t, r.Requests.WithdrawFor(ctx, agent, s.ID, "opinion", "paper", "LR-2026/11"))
		_, _, all, _, err := r.Requests.Choices(ctx, auth.Actor{Who: auth.Consumer, Request: s.ID})
		must(t, err)
		if last := all[len(all)-1]; last.Granted || last.Channel != "paper" || last.Reference != "LR-2026/11" {
			t.Errorf("%+v", last)
		}
	})
}
