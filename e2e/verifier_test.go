package e2e

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"entremise/internal/proof"
)

// notary is a log of this test's own, with which the browser's module is tried: every proof of it is made by another library than ours.
type notary struct {
	t      *testing.T
	signer note.Signer
	key    string
	hashes []tlog.Hash
	size   int64
}

func newNotary(t *testing.T) *notary {
	t.Helper()
	secret, key, err := note.GenerateKey(rand.Reader, "essai.example/log")
	if err != nil {
		t.Fatal(err)
	}
	n := &notary{t: t, key: key}
	if n.signer, err = note.NewSigner(secret); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *notary) ReadHashes(at []int64) (out []tlog.Hash, err error) {
	for _, i := range at {
		out = append(out, n.hashes[i])
	}
	return out, nil
}

func (n *notary) add(kind string, commitment []byte) int64 {
	n.t.Helper()
	more, err := tlog.StoredHashes(n.size, proof.Entry(kind, commitment), n)
	if err != nil {
		n.t.Fatal(err)
	}
	n.hashes = append(n.hashes, more...)
	n.size++
	return n.size - 1
}

func (n *notary) checkpoint(size int64) string {
	n.t.Helper()
	root, err := tlog.TreeHash(size, n)
	if err != nil {
		n.t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("essai.example/log\n%d\n%s\n", size, base64.StdEncoding.EncodeToString(root[:]))}, n.signer)
	if err != nil {
		n.t.Fatal(err)
	}
	return string(signed)
}

func hexes(list []tlog.Hash) []string {
	out := []string{}
	for _, h := range list {
		out = append(out, hex.EncodeToString(h[:]))
	}
	return out
}

func (n *notary) prove(kind string, commitment []byte, position int64) proof.Inclusion {
	n.t.Helper()
	path, err := tlog.ProveRecord(n.size, position, n)
	if err != nil {
		n.t.Fatal(err)
	}
	return proof.Inclusion{Position: position, Kind: kind, Commitment: hex.EncodeToString(commitment), Path: hexes(path), Checkpoint: n.checkpoint(n.size)}
}

// part is a salt of a set's own, as the log derives it.
func part(salt []byte, name string) []byte {
	m := hmac.New(sha256.New, salt)
	m.Write([]byte(name))
	return m.Sum(nil)
}

// The browser's module, against a log of another library's making: what is whole passes, and every single element that is changed is told, by the function that
// should: signatures, keys, paths, positions, contents, salts, lines, counts; a line that is dropped, moved, slipped in or dated back.
func TestVerifier_moduleTellsEveryChange(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	n, other := newNotary(t), newNotary(t)
	for i := range 5 {
		n.add("consent", proof.Commitment("consent", nil, []byte{byte(i)}))
	}
	kept := n.size
	salt := make([]byte, 32)
	if _, err := rand.Read(salt); err != nil {
		t.Fatal(err)
	}
	contents := []string{"comment=Très bien, été 2026", "overall=4.5", "reference=A.B-1234", "secret=x"}
	var list []byte
	opening := proof.Opening{Salt: hex.EncodeToString(part(salt, "set"))}
	for i, c := range contents {
		own := part(salt, fmt.Sprint("part ", i))
		commitment := proof.Commitment("review", own, []byte(c))
		list = append(list, commitment...)
		if i == 3 {
			opening.Parts = append(opening.Parts, proof.Part{Commitment: hex.EncodeToString(commitment)})
		} else {
			opening.Parts = append(opening.Parts, proof.Part{Salt: hex.EncodeToString(own), Content: c})
		}
	}
	set := proof.Commitment("review", part(salt, "set"), list)
	review := n.add("review", set)

	type act struct {
		name                                                         string
		review, invited, deposited, waiting, shown, refused, removed int
	}
	acts := []act{{"invited", 3, 3, 0, 0, 0, 0, 0}, {"deposited", 1, 3, 1, 1, 0, 0, 0}, {"deposited", 2, 3, 2, 2, 0, 0, 0}, {"published", 1, 3, 2, 1, 1, 0, 0}, {"refused", 2, 3, 2, 0, 1, 1, 0}, {"reported", 1, 3, 2, 0, 1, 1, 0}, {"upheld", 1, 3, 2, 0, 1, 1, 0},
		{"deposited", 3, 3, 3, 1, 1, 1, 0}, {"published", 3, 3, 3, 0, 2, 1, 0}, {"replied", 3, 3, 3, 0, 2, 1, 0}, {"removed", 1, 3, 3, 0, 1, 1, 1}}
	var texts []string
	var positions []int64
	before := ""
	for i, a := range acts {
		text := fmt.Sprintf("entremise member 1\nmember=pro_1\nline=%d\nbefore=%s\nat=2026-11-%02dT10:00:00Z\nact=%s\nreview=%d\nreason=\ninvited=%d\ndeposited=%d\nwaiting=%d\npublished=%d\nrefused=%d\nremoved=%d\n",
			i+1, before, i+1, a.name, a.review, a.invited, a.deposited, a.waiting, a.shown, a.refused, a.removed)
		sum := sha256.Sum256([]byte(text))
		before = hex.EncodeToString(sum[:])
		texts = append(texts, text)
		positions = append(positions, n.add("member", proof.Commitment("member", nil, []byte(text))))
	}
	// A second history of the same member, which somebody made afterwards: it is in the log too, and cannot pass for a continuation.
	late := strings.Replace(texts[4], "refused=1", "refused=0", 1)
	latePosition := n.add("member", proof.Commitment("member", nil, []byte(late)))
	type line struct {
		Text  string          `json:"text"`
		Proof proof.Inclusion `json:"proof"`
	}
	var lines []line
	for i, text := range texts {
		lines = append(lines, line{text, n.prove("member", proof.Commitment("member", nil, []byte(text)), positions[i])})
	}
	growth := func(from, to int64) map[string]any {
		path, err := tlog.ProveTree(to, from, n)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]any{"older": n.checkpoint(from), "consistency": map[string]any{"checkpoint": n.checkpoint(to), "consistency": hexes(path)}}
	}
	var all []map[string]any // every pair of sizes: each is another walk
	for from := int64(1); from <= n.size; from++ {
		for to := from; to <= n.size; to++ {
			all = append(all, growth(from, to))
		}
	}
	var included []proof.Inclusion
	for i := range int64(5) {
		included = append(included, n.prove("consent", proof.Commitment("consent", nil, []byte{byte(i)}), i))
	}
	other.add("consent", proof.Commitment("consent", nil, []byte("fork")))
	for range n.size - 1 {
		other.add("consent", proof.Commitment("consent", nil, []byte("fork")))
	}
	fork := &notary{t: t, signer: n.signer, key: n.key, hashes: other.hashes, size: other.size} // the log's own key, another history
	data, err := json.Marshal(map[string]any{"key": n.key, "otherKey": other.key, "kept": n.checkpoint(kept), "fork": fork.checkpoint(fork.size), "growth": growth(kept, n.size), "all": all, "included": included,
		"review": n.prove("review", set, review), "opening": opening, "lines": lines, "late": line{late, n.prove("member", proof.Commitment("member", nil, []byte(late)), latePosition)}})
	if err != nil {
		t.Fatal(err)
	}

	p := open(t, h.server, phone)
	p.goTo(h.site, "/verifier?lang=fr")
	failures := eval[[]string](p, `(async () => {
		const page = await (await fetch(document.querySelector('script[src*="check."]').src)).text();
		const V = await import(/"(\/static\/verifier\.[^"]+)"/.exec(page)[1]);
		const d = `+string(data)+`;
		const bad = [];
		const copy = (x) => JSON.parse(JSON.stringify(x));
		const holds = async (what, f) => { try { await f(); } catch (e) { bad.push(what + ": " + e.message); } };
		const told = async (what, f) => { try { await f(); bad.push(what + ": passed"); } catch (e) { if (!(e instanceof Error) || e instanceof TypeError || e instanceof ReferenceError) bad.push(what + ": " + e); } };
		const flip = (hex) => hex.slice(0, -1) + (hex.endsWith("0") ? "1" : "0");

		for (const [i, g] of d.all.entries()) {
			await holds("growth " + i, () => V.verifyGrowth(g.older, g.consistency, d.key));
			for (let k = 0; k < g.consistency.consistency.length; k++) await told("growth " + i + " step " + k, () => { const c = copy(g.consistency); c.consistency[k] = flip(c.consistency[k]); return V.verifyGrowth(g.older, c, d.key); });
			await told("growth " + i + " longer", () => { const c = copy(g.consistency); c.consistency.push("00".repeat(32)); return V.verifyGrowth(g.older, c, d.key); });
			if (g.consistency.consistency.length) await told("growth " + i + " shorter", () => { const c = copy(g.consistency); c.consistency.pop(); return V.verifyGrowth(g.older, c, d.key); });
		}
		await told("a fork", () => V.verifyGrowth(d.kept, { ...d.growth.consistency, checkpoint: d.fork }, d.key));
		await told("an older state put back", () => V.verifyGrowth(d.growth.consistency.checkpoint, { checkpoint: d.kept, consistency: [] }, d.key));
		await told("the same size, another root", () => V.verifyGrowth(d.fork, { checkpoint: d.growth.consistency.checkpoint, consistency: [] }, d.key));
		await told("another key", () => V.openCheckpoint(d.kept, d.otherKey));
		await told("a key that is changed", () => V.openCheckpoint(d.kept, d.key.slice(0, -2) + "AA"));
		await told("no signature", () => V.openCheckpoint(d.kept.split("\n\n")[0] + "\n\n", d.key));
		for (let i = 0; i < d.kept.length; i++) { // every character of a checkpoint
			const c = d.kept.charCodeAt(i);
			const other = d.kept.slice(0, i) + String.fromCharCode(c === 65 ? 66 : 65) + d.kept.slice(i + 1);
			if (i === d.kept.length - 1 || /[A-Za-z0-9+\/]=*$/.test(d.kept.slice(0, i + 1)) && d.kept[i + 1] === "\n" && i > d.kept.lastIndexOf(" ")) continue; // the last character of base64 has bits that say nothing
			await told("checkpoint, character " + i, () => V.openCheckpoint(other, d.key));
		}
		for (const p of [...d.included, d.review]) {
			await holds("inclusion " + p.position, () => V.verifyInclusion(p, d.key));
			for (const [what, change] of Object.entries({
				position: (x) => x.position++, before: (x) => x.position--, outside: (x) => x.position = 1e6, half: (x) => x.position += .5, kind: (x) => x.kind = "member", words: (x) => x.kind = "a b", commitment: (x) => x.commitment = flip(x.commitment),
				short: (x) => x.path.pop(), long: (x) => x.path.push("00".repeat(32)), turned: (x) => x.path.reverse(), nopath: (x) => delete x.path, checkpoint: (x) => x.checkpoint = d.kept, upper: (x) => x.commitment = x.commitment.toUpperCase() + "" === x.commitment ? flip(x.commitment) : x.commitment.toUpperCase(),
			})) await told("inclusion " + p.position + " " + what, () => { const x = copy(p); change(x); return V.verifyInclusion(x, d.key); });
			for (let k = 0; k < p.path.length; k++) await told("inclusion " + p.position + " step " + k, () => { const x = copy(p); x.path[k] = flip(x.path[k]); return V.verifyInclusion(x, d.key); });
		}
		await holds("opening", async () => {
			const shown = await V.verifyOpening(d.opening, d.review);
			if (shown.comment !== "Très bien, été 2026" || shown.overall !== "4.5" || shown.reference !== "A.B-1234" || "secret" in shown) throw new Error(JSON.stringify(shown));
		});
		for (const [what, change] of Object.entries({
			"one character": (o) => o.parts[0].content += ".", "a mark": (o) => o.parts[1].content = "overall=5.0", "a part's salt": (o) => o.parts[0].salt = flip(o.parts[0].salt), "the salt": (o) => o.salt = flip(o.salt), "a closed part": (o) => o.parts[3].commitment = flip(o.parts[3].commitment),
			"a part less": (o) => o.parts.pop(), "another order": (o) => o.parts.reverse(), "a part twice": (o) => o.parts.push(copy(o.parts[0])), nothing: (o) => o.parts = [], "open and closed": (o) => o.parts[3].content = "secret=y",
		})) await told("opening, " + what, () => { const o = copy(d.opening); change(o); return V.verifyOpening(o, d.review); });
		await told("opening of another leaf", () => V.verifyOpening(d.opening, d.included[0]));
		await holds("member", async () => {
			const m = await V.verifyMember({ lines: d.lines }, d.key);
			if (m.member !== "pro_1" || m.lines !== 11 || m.deposited !== 3 || m.published !== 1 || m.removed !== 1 || m.refused !== 1 || m.shown.join() !== "3") throw new Error(JSON.stringify(m));
		});
		for (let i = 0; i < d.lines.length; i++) {
			if (i < d.lines.length - 1) await told("member, without line " + (i + 1), () => { const l = copy(d.lines); l.splice(i, 1); return V.verifyMember({ lines: l }, d.key); });
			await told("member, line " + (i + 1) + " twice", () => { const l = copy(d.lines); l.splice(i, 0, l[i]); return V.verifyMember({ lines: l }, d.key); });
			await told("member, a word of line " + (i + 1), () => { const l = copy(d.lines); l[i].text = l[i].text.replace("reason=", "reason=x"); return V.verifyMember({ lines: l }, d.key); });
			await told("member, line " + (i + 1) + " dated back", () => { const l = copy(d.lines); l[i].text = l[i].text.replace("2026-", "2025-"); return V.verifyMember({ lines: l }, d.key); });
			await told("member, a count of line " + (i + 1), () => { const l = copy(d.lines); l[i].text = l[i].text.replace(/waiting=\d+/, "waiting=7"); return V.verifyMember({ lines: l }, d.key); });
			await told("member, the proof of line " + (i + 1), () => { const l = copy(d.lines); l[i].proof.position++; return V.verifyMember({ lines: l }, d.key); });
			if (i) await told("member, line " + (i + 1) + " before its own", () => { const l = copy(d.lines); [l[i - 1], l[i]] = [l[i], l[i - 1]]; return V.verifyMember({ lines: l }, d.key); });
		}
		await told("member, another history", () => { const l = copy(d.lines); l[4] = d.late; return V.verifyMember({ lines: l }, d.key); });
		await told("member, another history that ends there", () => V.verifyMember({ lines: [...d.lines.slice(0, 4), d.late] }, d.key));
		await told("member, nothing", () => V.verifyMember({ lines: [] }, d.key));
		return bad;
	})()`)
	for _, f := range failures {
		t.Error(f)
	}
}

// The page of the visitor: signed, kept by him, grown; an older state that was changed, a fork, a log that became shorter are red. Without scripts it says what to do.
func TestVerifier_pageOfTheVisitor(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	h.asked(h.project("paysagiste", quoteAsked))
	eventually(t, "the log has a checkpoint", func() bool { return h.visitor().get(h.site, "/log/checkpoint").status == 200 })
	state := func(p *page, name, want string) {
		t.Helper()
		p.until(name+" is "+want, fmt.Sprintf(`document.querySelector('[data-step="%s"]').dataset.state === %q && document.querySelector('[data-step="%s"] [data-said]').textContent !== "Un instant…"`, name, want, name))
	}
	for _, on := range []screen{phone, desktop} {
		p := open(t, h.server, on)
		p.goTo(h.site, "/verifier?lang=fr")
		p.click(`.cookies [value="refuse"]`)
		p.until("the choice is kept", `!document.querySelector(".cookies")`)
		state(p, "signature", "good")
		state(p, "growth", "wait")
		p.see("Vous n’avez encore rien gardé")
		p.accessible()
		p.click(`[data-do="keep"]`)
		state(p, "kept", "good")
		before := eval[string](p, `Object.values(localStorage)[0]`)
		leaf := h.leafOf(func() *visitor { v, _ := h.asked(h.project("paysagiste", quoteAsked)); return v }())
		h.visitor().get(h.site, "/log/preuve/"+leaf).want(200)
		p.goTo(h.site, "/verifier?lang=fr")
		state(p, "growth", "good")
		p.see("sont toutes là, inchangées")
		p.click(`[data-step="growth"] summary`)
		p.see("Il a recalculé")
		if hashes := p.text(`[data-step="growth"] [data-details]`); !regexp.MustCompile(`^[0-9a-f]{64}\n[0-9a-f]{64}\n`).MatchString(hashes) {
			t.Error(hashes)
		}
		p.accessible()
		p.shot("verifier")

		rewritten := strings.Replace(before, "\n\n", "A\n\n", 1)
		file := filepath.Join(t.TempDir(), "checkpoint.txt")
		if err := os.WriteFile(file, []byte(rewritten), 0o600); err != nil {
			t.Fatal(err)
		}
		p.attach("#kept-file", file)
		state(p, "growth", "bad")
		state(p, "signature", "good")
		if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		p.attach("#kept-file", file)
		state(p, "growth", "good")
		// Somebody else answers in the log's place: a fork, a shorter log, another key.
		for _, lie := range []string{
			`t.replace(/\n[^\n]+\n\n/, "\n" + btoa("x".repeat(32)) + "\n\n")`,
			`t.replace(/\n(\d+)\n/, (_, n) => "\n" + (Number(n) + 1) + "\n")`,
		} {
			eval[bool](p, `(() => { const real = window.realFetch ?? (window.realFetch = fetch); window.fetch = async (path, o) => { const a = await real(path, o); if (path !== "/log/checkpoint") return a; const t = await a.text(); return new Response(`+lie+`) }; return true })()`)
			p.click(`[data-do="again"]`)
			state(p, "signature", "bad")
			p.see("Cela ne tient pas")
		}
		eval[bool](p, `(() => { window.fetch = async (path, o) => { if (!path.startsWith("/log/consistency")) return window.realFetch(path, o); const g = await (await window.realFetch(path, o)).json(); g.consistency = g.consistency.map(() => "00".repeat(32)); return new Response(JSON.stringify(g)) }; return true })()`)
		p.click(`[data-do="again"]`)
		state(p, "growth", "bad")
		state(p, "signature", "good")
		p.click(`[data-do="forget"]`)
		state(p, "kept", "wait")
		if left := eval[float64](p, `localStorage.length`); left != 0 {
			t.Error(left, "things kept")
		}
	}
	quiet := open(t, h.server, phone)
	quiet.withoutScripts()
	quiet.goTo(h.site, "/verifier?lang=fr")
	quiet.see("entremise verify", "Clé du registre")

	page := h.visitor().get(h.site, "/verifier?lang=fr").want(200)
	page.has("mailto:bonjour@avis.example", "tel:+33", `href="/nous-ecrire"`, "https://www.cnil.fr/fr/definition/blockchain", "https://fr.wikipedia.org/wiki/Fonction_de_hachage")
	page.says("un calcul en tire une empreinte", "sur une chaîne de blocs, registre tenu par de nombreuses machines", "toutes les 100 empreintes ou après 7 jours", "ni nom, ni téléphone, ni e-mail, ni texte")
	h.visitor().get(h.site, "/?lang=fr").want(200).has(`href="/verifier"`)
	h.visitor().get(h.site, "/verifier?lang=en").want(200).has("Check for yourself", "a calculation makes a fingerprint")
	clause(t, "RN-100")
}
