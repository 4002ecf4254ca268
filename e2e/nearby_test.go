package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// Two purposes on professionals' data stand in the register, the notice and the table of durations: bringing them together with customers, and
// making the service fit what they need. The second shows a professional, from what he bought, where his trade is asked for outside his area; he
// objects, and it is gone, while requests reach him as before (ET-117).
func TestNearby_serviceThatFitsProfessionalsAndEndsAtTheirWord(t *testing.T) {
	h := newHouse(t)
	agent := h.operator()
	_, first := h.asked(leak())
	h.publish(agent, first, "", nil).want(303)
	pro := h.buyer(first)
	pro.post(h.space, "/profil/zone", url.Values{"centre": {"Nîmes 30000"}, "radius": {"3"}}).want(303)
	pro.get(h.space, "/profil").want(200).lacks(`id="nearby"`)
	h.buy(pro, first, "wallet").want(303)
	for range 2 {
		n := leak()
		n.values.Set("postcode", "30320")
		n.values.Set("commune", "30156")
		_, id := h.asked(n)
		h.publish(agent, id, "", nil).want(303)
	}
	pro.get(h.space, "/profil").want(200).lacks(`id="nearby"`) // they may still be taken
	h.later(25 * time.Hour)
	eventually(t, "he is shown the commune", func() bool { return strings.Contains(pro.get(h.space, "/profil").want(200).body, `id="nearby"`) })
	pro.get(h.space, "/profil").want(200).says("Près de vous, hors de votre zone", "Marguerittes", "2 demandes en 90 jours", "D’après ce que vous avez acheté")

	const purpose = "know_professionals_needs"
	pro.post(h.space, "/profil/usages", url.Values{"purpose": {purpose}}).want(303)
	pro.get(h.space, "/profil").want(200).lacks(`id="nearby"`).says("Arrêté : vous vous y opposez")
	_, next := h.asked(leak())
	h.publish(agent, next, "", nil).want(303)
	eventually(t, "requests reach him as before", func() bool { return strings.Contains(pro.get(h.space, "/tableau").want(200).body, next) })
	pro.get(h.space, "/tableau").want(200).saysNot("Liste simple")
	pro.post(h.space, "/profil/usages", url.Values{"purpose": {purpose}, "do": {"back"}}).want(303)
	pro.get(h.space, "/profil").want(200).has(`id="nearby"`)
	pro.post(h.space, "/profil/zone/ajouter", url.Values{"commune": {"99999"}}).want(422)
	pro.post(h.space, "/profil/zone/ajouter", url.Values{"commune": {"30156"}}).want(303)
	pro.get(h.space, "/profil").want(200).lacks(`id="nearby"`)

	labels := []string{"Mettre en relation les professionnels et les clients", "Rendre le service plus utile aux professionnels"}
	notice := h.visitor().get(h.site, "/confidentialite").want(200)
	notice.says(labels...).says("Mise en balance : connaître les besoins des professionnels")
	h.visitor().get(h.site, "/durees").want(200).says(labels...)
	agent.get(h.space, "/registre").want(200).says(labels...).says("know_professionals_needs")
	clause(t, "ET-117")
}
