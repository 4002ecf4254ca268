package web

import "slices"

// routes is the whole table, by area. What is not here does not exist; what is not marked open is shut. `entremise admin routes` prints it.
func (s *Server) routes() []route {
	return slices.Concat(infraRoutes(), publicRoutes(), reviewPublicRoutes(), reviewVerifyRoutes(), collectRoutes(), reviewDeskRoutes(), reviewReportRoutes(), wantedRoutes(), inviteRoutes(), documentRoutes(), authRoutes(), proRoutes(), memberRoutes(), ticketRoutes(), deskRoutes(), staffRoutes(), archiverRoutes(), oversightRoutes(), demoRoutes())
}

func infraRoutes() []route {
	return []route{
		{"GET", "/healthz", anywhere, open, 0, (*visit).healthz},
		{"GET", "/readyz", anywhere, open, 0, (*visit).readyz},
		{"GET", "/metrics", anywhere, open, 0, (*visit).prometheus}, // loopback, or staff who read the trail
		{"GET", "/live", anywhere, open, 0, (*visit).live},          // each topic asks who watches
		{"GET", "/log/key", anywhere, open, 0, (*visit).logKey},
		{"GET", "/log/checkpoint", anywhere, open, 0, (*visit).checkpoint},
		{"GET", "/log/checkpoint/{size}", anywhere, open, 0, (*visit).checkpointOf},
		{"GET", "/log/tile/{path...}", anywhere, open, 0, (*visit).tile},
		{"GET", "/log/consistency", anywhere, open, 0, (*visit).consistency},
		{"GET", "/log/preuve/{leaf}", anywhere, open, 0, (*visit).inclusion},
		{"GET", "/log/ancre/{leaf}", anywhere, open, 0, (*visit).anchorOf},
		{"GET", "/log/ancres", anywhere, open, 0, (*visit).anchorList},
		{"GET", "/log/ancres/{size}/horodatage.tsr", anywhere, open, 0, (*visit).stampFile},
		{"POST", "/webhooks/sms", space, open, 0, (*visit).smsWebhook}, // signed by the gateway
		{"POST", "/webhooks/telephonie", space, open, 0, (*visit).lineWebhook},
	}
}

func publicRoutes() []route {
	const photos = 48 << 20
	return []route{
		{"GET", "/{$}", anywhere, open, 0, (*visit).home},
		{"GET", "/m/{trade}/{commune}", site, open, 0, (*visit).place},
		{"GET", "/demande/{trade}", site, open, 0, (*visit).ask},
		{"POST", "/demande/{trade}", site, open, photos, (*visit).submit},
		{"GET", "/demande/code", site, linked, 0, (*visit).codeForm},
		{"POST", "/demande/code", site, linked, 0, (*visit).code},
		{"POST", "/demande/code/renvoi", site, linked, 0, (*visit).resend},
		{"GET", "/demande/envoyee", site, open, 0, (*visit).sentTwice},
		{"GET", "/r/{token}", site, open, 0, (*visit).openLink},
		{"GET", "/ma-demande", site, linked, 0, (*visit).mine},
		{"GET", "/ma-demande/photos/{id}", site, linked, 0, (*visit).minePhoto},
		{"POST", "/ma-demande/stop", site, linked, 0, (*visit).mineStop},
		{"POST", "/ma-demande/annuler", site, linked, 0, (*visit).mineCancel},
		{"POST", "/ma-demande/retrait", site, linked, 0, (*visit).mineWithdraw},
		{"GET", "/ma-demande/accords", site, linked, 0, (*visit).mineChoices},
		{"GET", "/ma-demande/accords.txt", site, linked, 0, (*visit).mineReceipt},
		{"GET", "/ma-demande/accords/{id}", site, linked, 0, (*visit).mineShown},
		{"GET", "/ma-demande/decisions", site, linked, 0, (*visit).mineDecisions},
		{"POST", "/ma-demande/decisions", site, linked, 0, (*visit).askReview},
		{"GET", "/ma-demande/usages", site, linked, 0, (*visit).mineUses},
		{"POST", "/ma-demande/usages", site, linked, 0, (*visit).mineObject},
		{"POST", "/ma-demande/suite", site, linked, 0, (*visit).mineFollowUp},
		{"GET", "/ma-demande/corriger", site, linked, 0, (*visit).fixForm},
		{"POST", "/ma-demande/corriger", site, linked, 0, (*visit).fix},
		{"GET", "/ma-demande/code", site, linked, 0, (*visit).fixCodeForm},
		{"POST", "/ma-demande/code", site, linked, 0, (*visit).fixCode},
		{"POST", "/ma-demande/code/renvoi", site, linked, 0, (*visit).fixCodeForm},
		{"GET", "/verifier", site, open, 0, (*visit).verify},
		{"GET", "/nous-ecrire", site, open, 0, (*visit).messageForm},
		{"POST", "/nous-ecrire", site, open, 0, (*visit).message},
		{"GET", "/mes-droits", site, open, 0, (*visit).rightsForm},
		{"POST", "/mes-droits", site, open, 0, (*visit).rights},
		{"GET", "/mes-droits/membre", site, open, 0, (*visit).memberRightsForm},
		{"POST", "/mes-droits/membre", site, open, 0, (*visit).memberRights},
		{"GET", "/mes-droits/recue", site, open, 0, (*visit).rightsReceived},
		{"GET", "/d/{token}", site, open, 0, (*visit).openCase},
		{"GET", "/mon-dossier", site, linked, 0, (*visit).myCase},
		{"POST", "/mon-dossier/suite", site, linked, 0, (*visit).myCaseAdd},
		{"GET", "/mon-dossier/code", site, linked, 0, (*visit).caseCodeForm},
		{"POST", "/mon-dossier/code", site, linked, 0, (*visit).caseCode},
		{"POST", "/mon-dossier/code/renvoi", site, linked, 0, (*visit).caseCodeForm},
		{"GET", "/mon-dossier/directive", site, linked, 0, (*visit).directive},
		{"POST", "/mon-dossier/directive", site, linked, 0, (*visit).directiveSend},
		{"GET", "/mon-dossier/donnees", site, linked, 0, (*visit).myCopy},
		{"GET", "/mon-dossier/donnees.json", site, linked, 0, (*visit).myCopyJSON},
		{"GET", "/mon-dossier/donnees.csv", site, linked, 0, (*visit).myCopyCSV},
		{"GET", "/destinataire/{token}", anywhere, open, 0, (*visit).toldForm},
		{"POST", "/destinataire/{token}", anywhere, open, 0, (*visit).toldDone},
		{"GET", "/stop/{token}", anywhere, open, 0, (*visit).stopForm},
		{"POST", "/stop/{token}", anywhere, open, 0, (*visit).stop},
		{"GET", "/api/communes", anywhere, open, 0, (*visit).communes},
		{"GET", "/robots.txt", anywhere, open, 0, (*visit).robots},
		{"GET", "/logo.svg", anywhere, open, 0, (*visit).logo},
	}
}

func authRoutes() []route {
	return []route{
		{"GET", "/connexion", space, open, 0, (*visit).signInForm},
		{"POST", "/connexion", space, open, 0, (*visit).signIn},
		{"GET", "/connexion/lien/{token}", space, open, 0, (*visit).linkForm},
		{"POST", "/connexion/lien/{token}", space, open, 0, (*visit).linkSignIn},
		{"GET", "/invitation/{token}", space, open, 0, (*visit).invitationForm},
		{"POST", "/invitation/{token}", space, open, 0, (*visit).invitation},
		{"GET", "/confirmer", space, signed, 0, (*visit).freshForm},
		{"POST", "/confirmer", space, signed, 0, (*visit).fresh},
		{"POST", "/deconnexion", space, signed, 0, (*visit).signOut},
	}
}

// Route is one line of the table in words, for the command that prints it and for tests that walk it.
type Route struct{ Method, Path, Where, Open string }

// Routes lists every page.
func Routes() []Route {
	words := map[zone]string{anywhere: "every host", site: "public site", space: "space host", demoOnly: "demo only"}
	var all []Route
	for _, r := range (*Server)(nil).routes() {
		all = append(all, Route{r.Method, r.Path, words[r.Zone], string(r.Open)})
	}
	return all
}
