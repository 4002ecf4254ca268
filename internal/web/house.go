package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// The house itself: who works in it, who did what, what it earns, what it promised.

// permissions prints the one table that is enforced.
func (v *visit) permissions() error {
	page := ui.Permissions{Space: v.spaceFrame()}
	columns := auth.Columns()
	for _, c := range columns {
		page.Roles = append(page.Roles, v.holderName(c))
	}
	for _, a := range auth.Actions() {
		group, _, _ := strings.Cut(string(a), ".")
		row := ui.Permission{Group: v.groupName(group), Action: v.actionName(a)}
		holders := auth.Holders(a)
		for _, c := range columns {
			may := ""
			if slices.Contains(holders, c) {
				may = "yes"
			}
			row.May = append(row.May, may)
		}
		page.Rows = append(page.Rows, row)
	}
	slices.SortStableFunc(page.Rows, func(a, b ui.Permission) int { return strings.Compare(geo.Fold(a.Group), geo.Fold(b.Group)) })
	return v.show(page)
}

func (v *visit) holderName(h string) string {
	words := map[string][2]string{string(auth.Visitor): {"Visiteur", "Visitor"}, string(auth.Consumer): {"Client, par son lien", "Customer, by link"}, string(auth.Professional): {"Professionnel", "Professional"}, string(auth.Affiliate): {"Partenaire, par l’API", "Partner, by API"}}
	if w, ok := words[h]; ok {
		return v.lang.T(w[0], w[1])
	}
	return v.roleName(network.Role(h))
}

func (v *visit) groupName(g string) string {
	words := map[string][2]string{"request": {"Demandes", "Requests"}, "board": {"Tableau et achats", "Board and purchases"}, "seat": {"Tableau et achats", "Board and purchases"}, "contact": {"Tableau et achats", "Board and purchases"},
		"call": {"Appels", "Calls"}, "recording": {"Appels", "Calls"}, "search": {"Demandes", "Requests"}, "pro": {"Professionnels", "Professionals"}, "wallet": {"Argent", "Money"}, "invoice": {"Argent", "Money"}, "sales": {"Argent", "Money"},
		"team": {"Maison", "House"}, "audit": {"Maison", "House"}, "edition": {"Maison", "House"}, "address": {"Maison", "House"}, "token": {"Maison", "House"}, "case": {"Données personnelles", "Personal data"},
		"oversight": {"Conformité", "Compliance"}, "inspect": {"Conformité", "Compliance"},
		"consent": {"Accords", "Consents"}, "person": {"Personnes", "People"}, "register": {"Liste d’opposition", "Register of opposition"}, "retention": {"Conservation", "Retention"}, "archive": {"Archive", "Archive"}}
	w, ok := words[g]
	if !ok {
		return g
	}
	return v.lang.T(w[0], w[1])
}

// actionNames say every action of the table; a test holds them to it.
var actionNames = map[auth.Action][2]string{
	auth.RequestSubmit: {"Envoyer une demande", "Send a request"}, auth.RequestReadOwn: {"Lire sa propre demande", "Read one’s own request"}, auth.RequestChange: {"Corriger ou annuler sa propre demande", "Correct or cancel one’s own request"},
	auth.RequestQueue: {"Voir les files", "See the queues"}, auth.RequestRead: {"Lire le dossier d’une demande", "Read the file of a request"}, auth.RequestQualify: {"Qualifier au bureau", "Qualify at the desk"}, auth.RequestPublish: {"Publier et fixer le prix", "Publish and price"},
	auth.RequestManage: {"Changer le prix, élargir, proposer, retirer", "Reprice, widen, offer, withdraw"}, auth.RequestText: {"Écrire au client par SMS", "Text the customer"}, auth.BoardRead: {"Voir les demandes proposées", "See requests on offer"}, auth.SeatBuy: {"Réserver et acheter", "Hold and buy"},
	auth.ContactLog: {"Lire les coordonnées achetées et noter le suivi", "Read details bought and log follow-up"}, auth.CallAnswer: {"Prendre les appels", "Take calls"}, auth.RecordingHear: {"Écouter un enregistrement, avec une raison", "Hear a recording, with a reason"}, auth.RecordingLend: {"Prêter un enregistrement à un prestataire", "Lend a recording to a provider"}, auth.SearchAll: {"Chercher", "Search"},
	auth.ProList: {"Voir les professionnels", "See professionals"}, auth.ProCreate: {"Créer un professionnel", "Create a professional"}, auth.ProEdit: {"Modifier un professionnel", "Edit a professional"}, auth.ProEditOwn: {"Modifier sa zone et ses horaires", "Edit one’s own area and hours"}, auth.ProSuspend: {"Suspendre, rouvrir, fermer un accès", "Suspend, reopen, close access"},
	auth.WalletRead: {"Lire un portefeuille", "Read a wallet"}, auth.WalletCredit: {"Créditer par carte", "Top up by card"}, auth.WalletTransfer: {"Noter un virement reçu", "Record a transfer"}, auth.InvoiceRead: {"Lire les factures", "Read invoices"}, auth.SalesRead: {"Voir ventes et délais", "See sales and delays"},
	auth.TeamManage: {"Gérer l’équipe", "Manage the team"}, auth.AuditRead: {"Lire le journal", "Read the audit trail"}, auth.EditionRead: {"Lire les réglages", "Read the settings"}, auth.EditionApply: {"Appliquer un fichier du réseau", "Apply a network file"}, auth.AddressBlock: {"Bloquer une adresse réseau", "Block a network address"}, auth.TokenManage: {"Gérer ses jetons d’API", "Manage API tokens"},
	auth.CaseOpen: {"Ouvrir une demande sur ses données", "Open a request about personal data"}, auth.CaseReadOwn: {"Suivre sa demande", "Follow one’s own request about data"},
	auth.ReviewInvite: {"Inviter quelqu’un à donner son avis", "Invite somebody to give an opinion"}, auth.ReviewAnswer: {"Répondre à un questionnaire", "Answer a questionnaire"}, auth.ReviewReport: {"Signaler un avis publié", "Report a published review"}, auth.ReviewFeed: {"Lire par un programme les avis publiés à montrer ailleurs", "Read by a program the published reviews to be shown elsewhere"},
	auth.ReviewRead: {"Lire les avis à modérer et les auteurs exclus", "Read reviews to moderate and banned authors"}, auth.ReviewDecide: {"Décider des avis, des signalements et des contestations", "Decide reviews, reports and appeals"},
	auth.CaseRead: {"Lire les demandes sur les données", "Read requests about personal data"}, auth.CaseAnswer: {"Répondre aux demandes sur les données", "Answer requests about personal data"},
	auth.TicketRead: {"Lire les messages de son service", "Read the messages of one’s service"}, auth.TicketAnswer: {"Répondre aux messages de son service, les confier", "Answer the messages of one’s service, pass them on"},
	auth.RetentionRead: {"Voir ce qui est conservé, et jusqu’à quand", "See what is kept, and until when"}, auth.RetentionHold: {"Geler un dossier, lever un gel", "Lay and lift legal holds"}, auth.ArchiveOpen: {"Ouvrir l’archive", "Open the archive"}, auth.PersonErase: {"Effacer une personne", "Erase a person"},
	auth.ContactAsk: {"Demander si l’on peut appeler pour vendre", "Ask whether one may call to sell"}, auth.RegisterLoad: {"Charger la liste d’opposition", "Load the opposition register"},
	auth.OversightRead: {"Lire les dossiers de conformité", "Read compliance files"}, auth.OversightWork: {"Tenir les dossiers de conformité", "Keep compliance files"}, auth.InspectMake: {"Préparer un dossier d’inspection", "Make an inspection pack"},
	auth.ConsentWithdraw: {"Retirer un accord à la parole de la personne", "Withdraw a consent at the person’s word"},
}

func (v *visit) actionName(a auth.Action) string {
	w, ok := actionNames[a]
	if !ok {
		return string(a)
	}
	return v.lang.T(w[0], w[1])
}

// auditWords say what was done; an action without words shows its own name.
var auditWords = map[string][2]string{
	"account.accept":          {"Invitation acceptée", "Invitation accepted"},
	"account.disable":         {"Compte fermé", "Account closed"},
	"account.edit":            {"Rôles ou formation changés", "Roles or training changed"},
	"account.enable":          {"Compte rouvert", "Account reopened"},
	"account.invite":          {"Invitation d’un membre", "Member invited"},
	"account.invite-again":    {"Nouvelle invitation", "Invited again"},
	"account.refresh":         {"Identité confirmée", "Identity confirmed"},
	"account.sign-in":         {"Connexion", "Sign-in"},
	"address.block":           {"Adresse réseau bloquée", "Network address blocked"},
	"address.unblock":         {"Adresse réseau débloquée", "Network address let in again"},
	"connection.read":         {"Journal des connexions lu", "Journal of connections read"},
	"oversight.open":          {"Dossier de conformité ouvert", "Compliance file opened"},
	"oversight.complete":      {"Dossier de conformité complété", "Compliance file completed"},
	"oversight.notify":        {"Autorité avertie d’une violation", "Authority told of a breach"},
	"oversight.decline":       {"Décision de ne pas avertir", "Decision not to tell"},
	"oversight.tell":          {"Lettre sur une violation envoyée", "Letter about a breach sent"},
	"oversight.told":          {"Lettre sur une violation partie", "Letter about a breach has gone out"},
	"oversight.tie":           {"Personne ajoutée à un dossier de conformité", "Person added to a compliance file"},
	"oversight.untie":         {"Personne retirée d’un dossier de conformité", "Person taken out of a compliance file"},
	"oversight.hand":          {"Extrait fait pour une autorité", "Extract made for an authority"},
	"oversight.handed":        {"Données remises à une autorité", "Data handed over to an authority"},
	"oversight.close":         {"Dossier de conformité clos", "Compliance file closed"},
	"oversight.list":          {"Dossiers de conformité listés", "Compliance files listed"},
	"oversight.read":          {"Dossier de conformité lu", "Compliance file read"},
	"oversight.export":        {"Registre de conformité exporté", "Compliance register exported"},
	"inspect.make":            {"Dossier d’inspection préparé", "Inspection pack made"},
	"passport.read":           {"Preuve d’une demande téléchargée", "Proof of a request downloaded"},
	"agent.duty":              {"Service", "Duty"},
	"audit.export":            {"Journal exporté", "Trail exported"},
	"audit.search":            {"Personne cherchée dans le journal", "Person looked for in the trail"},
	"audit.read":              {"Journal lu", "Trail read"},
	"ticket.list":             {"Messages listés", "Messages listed"},
	"ticket.read":             {"Message lu", "Message read"},
	"ticket.answer":           {"Réponse à un message", "Message answered"},
	"ticket.note":             {"Note sur un message", "Note on a message"},
	"ticket.move":             {"Message confié à un autre service", "Message passed to another service"},
	"ticket.assign":           {"Message confié à une personne", "Message given to a person"},
	"request.forward":         {"Demande transmise à un membre", "Request passed to a member"},
	"request.processed":       {"Demande définitivement traitée", "Request definitively dealt with"},
	"pro.arranged":            {"Accord entre responsables conjoints accepté", "Arrangement between joint controllers accepted"},
	"pro.leaves":              {"Départ d’un membre noté", "Leaving of a member noted"},
	"pro.stays":               {"Départ d’un membre annulé", "Leaving of a member taken back"},
	"pro.renews":              {"Adhésion renouvelée", "Membership renewed"},
	"pro.renewed":             {"Nouvelle période d’adhésion", "New term of a membership"},
	"case.acknowledge":        {"Destinataire : fait chez lui", "Recipient: done on his side"},
	"case.add":                {"Dossier complété", "Case added to"},
	"case.answer":             {"Réponse à un dossier", "Case answered"},
	"case.apply":              {"Accords retirés pour un dossier", "Consents withdrawn for a case"},
	"case.code":               {"Code d’un dossier vérifié", "Code of a case verified"},
	"case.copy":               {"Copie de données ouverte", "Copy of data opened"},
	"case.doubt":              {"Preuve d’identité demandée", "Proof of identity asked"},
	"case.erase":              {"Effacement exécuté", "Erasure carried out"},
	"case.extend":             {"Délai d’un dossier prolongé", "Clock of a case extended"},
	"case.identified":         {"Identité confirmée", "Identity confirmed"},
	"case.join":               {"Dossiers joints", "Cases joined"},
	"case.list":               {"File des dossiers lue", "Queue of cases read"},
	"case.share":              {"Entreprise membre avertie d’un droit exercé", "Member company told of a right exercised"},
	"case.mail":               {"Courrier reçu", "Mail received"},
	"case.name":               {"Droit précisé", "Right named"},
	"retention.hold":          {"Dossier gelé", "Legal hold laid"},
	"retention.release":       {"Gel levé", "Legal hold lifted"},
	"retention.archive":       {"Données archivées, leur temps venu", "Data archived, their time having come"},
	"retention.erase":         {"Données effacées, leur temps venu", "Data erased, their time having come"},
	"retention.anonymise":     {"Données rendues anonymes, leur temps venu", "Data made anonymous, their time having come"},
	"retention.end":           {"Clés détruites", "Keys destroyed"},
	"retention.replay":        {"Effacements rejoués", "Erasures replayed"},
	"archiver.deposit":        {"Document pris par l’archiveur", "Document taken by the archiver"},
	"archiver.gone":           {"Document effacé chez l’archiveur", "Document deleted at the archiver’s"},
	"archiver.restore":        {"Document repris chez l’archiveur", "Document had back from the archiver"},
	"archiver.wrong":          {"Document manquant ou changé chez l’archiveur", "Document missing or changed at the archiver’s"},
	"archive.open":            {"Archive ouverte", "Archive opened"},
	"person.erase":            {"Personne effacée", "Person erased"},
	"person.certify":          {"Effacement certifié", "Erasure certified"},
	"person.trace":            {"Données d’une personne listées", "A person’s data listed"},
	"person.export":           {"Données d’une personne exportées", "A person’s data exported"},
	"directive.record":        {"Directive après la mort enregistrée", "Directive after death recorded"},
	"directive.revoke":        {"Directive révoquée", "Directive revoked"},
	"directive.execute":       {"Directive exécutée", "Directive carried out"},
	"case.end-access":         {"Accès fermé à la demande du professionnel", "Access closed at the professional’s wish"},
	"case.review":             {"Décision revue par une personne", "Decision reviewed by a person"},
	"request.reviewed":        {"Décision changée après revue", "Decision changed after a review"},
	"case.objection":          {"Opposition tranchée", "Objection decided"},
	"objection.objected":      {"Opposition à un usage", "Objection to a use"},
	"objection.taken-back":    {"Opposition retirée", "Objection taken back"},
	"objection.grounds":       {"Motifs impérieux opposés", "Compelling grounds stated"},
	"objection.granted":       {"Opposition suivie", "Objection followed"},
	"purpose.end":             {"Usage terminé pour une personne", "Use ended for a person"},
	"case.open":               {"Dossier ouvert", "Case opened"},
	"case.preview":            {"Copie relue avant envoi", "Copy checked before it is sent"},
	"case.raw":                {"Courrier d’origine téléchargé", "Original mail downloaded"},
	"case.read":               {"Dossier lu", "Case read"},
	"case.rectify":            {"Données corrigées", "Data corrected"},
	"case.restrict":           {"Données gelées", "Data frozen"},
	"case.announce-lift":      {"Levée d’un gel annoncée", "End of a freeze announced"},
	"case.recall-lift":        {"Levée d’un gel annulée", "Lifting of a freeze called off"},
	"case.lift":               {"Données dégelées", "Data released"},
	"case.tie":                {"Personne rattachée à un dossier", "Person tied to a case"},
	"case.untie":              {"Personne détachée d’un dossier", "Person untied from a case"},
	"call.accept":             {"Appel : enregistrement accepté", "Call: recording accepted"},
	"call.announce":           {"Appel : annonce faite", "Call: announced"},
	"call.answer":             {"Appel pris", "Call taken"},
	"call.begin":              {"Appel saisi à la main", "Call begun by hand"},
	"call.call-back":          {"Rappel", "Called back"},
	"call.end":                {"Appel terminé", "Call ended"},
	"call.object":             {"Appel : refus en cours d’appel", "Call: objected midway"},
	"call.read":               {"Numéro d’un appelant lu", "Caller’s number read"},
	"call.refuse":             {"Appel : enregistrement refusé", "Call: recording refused"},
	"consent.withdraw":        {"Accord retiré", "Consent withdrawn"},
	"consent.choose":          {"Choix d’un professionnel", "A professional’s choice"},
	"consent.read":            {"Texte d’un accord lu", "Text of a consent read"},
	"contact.ask":             {"Demandé si l’on peut appeler", "Asked whether one may call"},
	"contact.attempt":         {"Appel commercial", "Commercial call"},
	"register.load":           {"Liste d’opposition chargée", "Opposition register loaded"},
	"contact.refused":         {"Contact refusé par une règle", "Contact refused by a rule"},
	"contact.log":             {"Suivi noté", "Follow-up noted"},
	"contact.read":            {"Coordonnées achetées lues", "Bought details read"},
	"contact.reveal":          {"Coordonnées révélées", "Details revealed"},
	"contact.stop":            {"Contact arrêté par le client", "Contact stopped by the customer"},
	"affiliate.undertaking":   {"Engagement d’un partenaire noté", "Undertaking of a partner noted"},
	"document.accept":         {"Document accepté", "Document accepted"},
	"edition.apply":           {"Fichier du réseau appliqué", "Network file applied"},
	"invoice.issue":           {"Facture émise", "Invoice issued"},
	"photo.read":              {"Photo ouverte", "Photo opened"},
	"pro.closed":              {"Accès fermé pour toujours", "Access closed for good"},
	"pro.create":              {"Professionnel créé", "Professional created"},
	"pro.edit":                {"Professionnel modifié", "Professional edited"},
	"pro.edit-own":            {"Profil modifié par lui-même", "Own profile edited"},
	"pro.contact-asked":       {"Code demandé pour changer de coordonnées", "Code asked for to change contact details"},
	"pro.contact-changed":     {"Coordonnées changées par le professionnel", "Contact details changed by the professional"},
	"pro.address-invalid":     {"Adresse où le courrier n’arrive plus", "Address at which mail no longer arrives"},
	"pro.inquiry":             {"Vérification par un prestataire notée", "Check by a provider recorded"},
	"pro.agreement":           {"Accord particulier joint", "Special agreement attached"},
	"pro.notices-stopped":     {"Avis de demandes arrêtés à sa demande", "Notices of requests stopped at their wish"},
	"pro.pending":             {"Accès rouvert", "Access reopened"},
	"pro.read":                {"Dossier d’un professionnel lu", "Professional’s file read"},
	"pro.uninsured":           {"Assurance échue, achats arrêtés", "Insurance run out, purchases stopped"},
	"pro.suspended":           {"Professionnel suspendu", "Professional suspended"},
	"purchase.intent":         {"Paiement par carte commencé", "Card payment begun"},
	"recording.erase":         {"Enregistrement effacé", "Recording erased"},
	"recording.hear":          {"Enregistrement écouté", "Recording heard"},
	"recording.hear-lent":     {"Enregistrement prêté écouté", "Lent recording heard"},
	"recording.gone-at-line":  {"Rien n’est gardé de l’appel chez l’opérateur", "Nothing of the call is left at the operator"},
	"recording.lend":          {"Enregistrement prêté", "Recording lent"},
	"recording.revoke":        {"Prêt d’un enregistrement arrêté", "Loan of a recording ended"},
	"recording.keep":          {"Enregistrement reçu", "Recording kept"},
	"request.cancelled":       {"Demande annulée", "Request cancelled"},
	"request.code":            {"Code vérifié", "Code verified"},
	"request.correct":         {"Demande corrigée", "Request corrected"},
	"request.found":           {"Demande trouvée par une recherche", "Request found by a search"},
	"request.offered-by-hand": {"Demande proposée à la main", "Request offered by hand"},
	"request.publish":         {"Demande publiée", "Request published"},
	"request.read":            {"Demande lue", "Request read"},
	"request.reopened":        {"Retrait d’une demande annulé", "Withdrawal of a request undone"},
	"request.repriced":        {"Prix changé", "Price changed"},
	"request.submit":          {"Demande reçue", "Request received"},
	"request.take":            {"Demande prise", "Request taken"},
	"request.text":            {"SMS écrit au client", "Customer texted"},
	"request.widened":         {"Demande élargie", "Request widened"},
	"request.withdrawn":       {"Demande retirée", "Request withdrawn"},
	"sales.export":            {"Ventes exportées", "Sales exported"},
	"seat.hold":               {"Place gardée", "Seat held"},
	"token.create":            {"Jeton d’API créé", "API token created"},
	"token.revoke":            {"Jeton d’API révoqué", "API token revoked"},
	"wallet.credit":           {"Crédit par carte commencé", "Card top-up begun"},
	"wallet.transfer":         {"Virement noté", "Transfer recorded"},
}

func (v *visit) auditName(action string) string {
	w, ok := auditWords[action]
	if !ok {
		return action
	}
	return v.lang.T(w[0], w[1])
}

// csv answers a table as a file.
func (v *visit) csv(name string, between rune, rows [][]string) error {
	b, err := document.CSV(rows, between)
	if err != nil {
		return err
	}
	return v.file("text/csv; charset=utf-8", fmt.Sprintf("attachment; filename=\"%s-%s.csv\"", name, v.DB.Now().In(geo.Paris()).Format(time.DateOnly)), b)
}

// blockAddress shuts a network address out of the forms, for a time.
func (v *visit) blockAddress() error {
	if err := v.parse(); err != nil {
		return err
	}
	days, err := strconv.Atoi(v.value("days"))
	if err != nil {
		days = 0 // refused below, with the bounds
	}
	err = person.BlockAddress(v.ctx, v.DB, v.Vault, v.actor, person.AddressBlock{Address: v.value("address"), Days: days, Reason: v.value("reason")})
	if fault.Is(err, fault.Invalid) {
		return v.invalid(err, v.journalPage)
	}
	return v.did("/journal", v.lang.T("Cette adresse est bloquée.", "This address is blocked."), err)
}

// salesSpan reads the days of the address: the last thirty unless it says otherwise, a year at most.
func (v *visit) salesSpan() (from, until time.Time) {
	zone := geo.Paris()
	now := v.DB.Now().In(zone)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	from, until = today.AddDate(0, 0, -29), today
	if d, err := time.ParseInLocation(time.DateOnly, v.r.URL.Query().Get("to"), zone); err == nil && !d.After(today) {
		from, until = d.AddDate(0, 0, -29), d
	}
	if d, err := time.ParseInLocation(time.DateOnly, v.r.URL.Query().Get("from"), zone); err == nil && !d.After(until) {
		from = d
	}
	if year := until.AddDate(-1, 0, 0); from.Before(year) {
		from = year
	}
	return from, until.AddDate(0, 0, 1)
}

func (v *visit) report() (r request.Report, from, until time.Time, err error) {
	if err = v.actor.May(auth.SalesRead); err != nil {
		return
	}
	from, until = v.salesSpan()
	err = v.DB.Read(v.ctx, func(tx *db.Tx) error { r, err = request.Figures(tx, from, until); return err })
	return
}

func (v *visit) sales() error {
	r, from, until, err := v.report()
	if err != nil {
		return err
	}
	page := ui.Sales{Space: v.spaceFrame(), From: from.Format(time.DateOnly), To: until.AddDate(0, 0, -1).Format(time.DateOnly)}
	page.CSV = "/ventes.csv?" + url.Values{"from": {page.From}, "to": {page.To}}.Encode()
	page.Tell = []ui.Fact{{Label: v.lang.T("Demandes", "Requests"), Value: v.lang.Number(r.Asked)}, {Label: v.lang.T("Ventes", "Sales"), Value: v.lang.Number(r.Sold)}, {Label: v.lang.T("Montant HT", "Amount excl. VAT"), Value: v.lang.Money(r.Excl)}}
	page.Funnel = []ui.Count{{Label: v.lang.T("Demandes reçues", "Requests received"), N: r.Asked}, {Label: v.lang.T("Publiées", "Published"), N: r.Published}, {Label: v.lang.T("Vendues", "Sold"), N: r.Sold},
		{Label: v.lang.T("Client appelé", "Customer called"), N: r.Called}, {Label: v.lang.T("Chantier gagné", "Job won"), N: r.Won}}
	clocks := v.n.Introductions.Clocks
	for _, d := range []struct {
		label  string
		took   request.Took
		target time.Duration
	}{
		{v.lang.T("De la demande à la publication", "From request to publication"), r.Publish, clocks.CallBack.Exact()},
		{v.lang.T("De la publication au premier SMS remis", "From publication to the first text handed over"), r.SMS, firstText},
		{v.lang.T("De l’achat au premier appel", "From purchase to first call"), r.Call, clocks.FirstContact.Exact()},
	} {
		line := ui.Delay{Label: d.label, P50: request.Quantile(d.took.All, 50), P95: request.Quantile(d.took.All, 95), N: len(d.took.All), Target: d.target}
		for _, day := range d.took.ByDay {
			if len(day) > 0 { // a day without a case took no time at all: it is left out
				line.Trend = append(line.Trend, request.Quantile(day, 95).Seconds())
			}
		}
		page.Delays = append(page.Delays, line)
	}
	for _, t := range r.Trades {
		line := ui.SalesTrade{Trade: v.tradeName(t.Trade), Asked: t.Asked, Sold: t.Sold}
		if t.Sold > 0 {
			line.Mean = t.Excl / money.Amount(t.Sold)
		}
		for _, n := range t.ByDay {
			line.Trend = append(line.Trend, float64(n))
		}
		page.Trades = append(page.Trades, line)
	}
	for _, d := range slices.Backward(r.Days) {
		if d.Asked+d.Sold > 0 {
			page.Days = append(page.Days, ui.SalesDay{Day: d.Day, Asked: d.Asked, Sold: d.Sold, Excl: d.Excl, Recorded: d.InTime, Late: d.Behind})
		}
	}
	return v.show(page)
}

// firstText is what the first text after publication is held to: the professional who reads it is what the customer waits for.
const firstText = 10 * time.Second

// salesCSV is the days of the page as a file; amounts are in euros with two decimals.
func (v *visit) salesCSV() error {
	r, _, _, err := v.report()
	if err != nil {
		return err
	}
	if to := v.mustBeFresh(v.r.URL.RequestURI()); to != nil {
		return to
	}
	rows := [][]string{{"day", "requests", "sales", "excl_vat_eur", "called_in_time", "late"}}
	for _, d := range r.Days {
		rows = append(rows, []string{d.Day.Format(time.DateOnly), strconv.Itoa(d.Asked), strconv.Itoa(d.Sold), d.Excl.Decimal(), strconv.Itoa(d.InTime), strconv.Itoa(d.Behind)})
	}
	if err := v.DB.Write(v.ctx, func(tx *db.Tx) error {
		return audit.Write(tx, v.actor.Name(), v.actor.As(auth.SalesRead), "sales.export", "", strconv.Itoa(len(rows)-1))
	}); err != nil {
		return err
	}
	return v.csv("ventes", ',', rows)
}
