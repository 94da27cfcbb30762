"""Mails in the words that people use, by the matter they are about; none is anybody's.

Each begins with "- ", its subject, a bar and its text.
"""

OF_A_MATTER = {
    "data-subject": """
- Richiesta | Buongiorno, vorrei sapere quali dati avete su di me e a chi li avete comunicati.
  Grazie, Marta Pieri
- I miei dati | Cancellate tutti i miei dati dal vostro sistema e datemene conferma per iscritto.
- | Con la presente chiedo copia di tutti i dati personali che mi riguardano, comprese le
  registrazioni delle telefonate.
- basta newsletter | Per favore toglietemi dalla newsletter, è la terza volta che lo chiedo!
- | Revoco il consenso al trattamento dei miei dati per finalità di marketing.
- Istanza | Ai sensi dell'art. 16 del Regolamento UE 2016/679 chiedo la rettifica della mia data di
  nascita nella vostra anagrafica.
- opposizione | Mi oppongo al trattamento dei miei dati per la profilazione. Attendo riscontro
  entro un mese.
- account | Ho chiuso l'attività. Potete eliminare il mio account e tutto lo storico? Anna Gatti,
  anna@posta.example
- | Chiedo la portabilità dei miei dati verso altro fornitore, in formato leggibile.
- RODO | Na podstawie art. 15 RODO proszę o kopię moich danych osobowych.
- Moje dane | Dzień dobry, proszę usunąć moje dane z Państwa bazy. Pozdrawiam, Ewa Lis
- | Chciałabym wiedzieć, jakie dane o mnie przechowujecie i komu je przekazaliście.
- | Cofam zgodę na przetwarzanie danych w celach marketingowych.
- dość | Wypiszcie mnie w końcu z tego newslettera, piszę trzeci raz!
- | Wnoszę sprzeciw wobec przetwarzania moich danych na potrzeby marketingu bezpośredniego.
- konto | skasujcie moje konto i wszystkie dane jakie o mnie macie, pozdro Kuba
- | Wnoszę o sprostowanie moich danych osobowych: nazwisko powinno brzmieć Wróblewska.
- Prawo do przenoszenia | Żądam ograniczenia przetwarzania moich danych do czasu wyjaśnienia
  sprawy.
- Subject access request | Please send me a copy of all the personal data you hold about me. J.
  Hartley
- | Hi, please delete my account and all my data. Thanks, Tom
- | I want to know what information you have about me and who you've shared it with.
- Marketing | I object to my details being used... no, simpler: I object to the use of my data for
  direct marketing. Stop it.
- stop | please take me off your mailing list, I never signed up for this
- | I withdraw my consent to the processing of my health data with immediate effect.
- Records | Under article 16 UK GDPR I ask you to correct the date of birth on my file.
- right to be forgotten | I would like all of my personal information erased from your systems,
  please.
- | Buongiorno, sono una ex cliente. Desidero che i miei dati vengano cancellati dai vostri
  archivi.
- | Diffido dall'utilizzare ulteriormente il mio indirizzo e-mail per pubblicità, mi oppongo ai
  sensi dell'art. 21 GDPR.
- dati | Potreste correggere i miei dati personali? Il cognome è sbagliato, è Bianchi e non Biondi.
  Chiedo la rettifica dei miei dati.
- diritto all'oblio | Chiedo la rimozione del mio nominativo e delle foto dal vostro sito.
- | Nie życzę sobie więcej reklam na mój numer, proszę wykreślić mnie z bazy marketingowej.
- | Korzystając z prawa do bycia zapomnianym, wnoszę o usunięcie wszystkich danych na mój temat.
- | Could you tell me what personal data you keep about me, please?
- | I no longer consent to you using my photos. I revoke my consent for the pictures on your
  website.
- | Please stop sending me marketing texts. I never agreed to it.
- | Vi scrivo perché voglio che mi togliate dal vostro database, non sono più cliente da anni.
- | Ritiro il consenso all'uso delle mie foto sul vostro sito.
- | Nie zgadzam się na dalsze przetwarzanie moich danych, proszę je usunąć.
- | I'd like to see all data you store about me, including CCTV from 3 May.
""",
    "withdrawal": """
- Recesso ordine 4471 | Con la presente comunico il recesso dall'ordine n. 4471 ricevuto il 3
  maggio. Restituirò il tostapane a mie spese.
- | Esercito il diritto di ripensamento per il contratto luce firmato a casa mia con il vostro
  agente la settimana scorsa.
- diritto di recesso | Ai sensi dell'art. 52 del Codice del consumo intendo recedere dal contratto
  concluso sul vostro sito l'11 marzo.
- scarpe | Buonasera, ho ricevuto le scarpe ieri ma vorrei esercitare il diritto di recesso entro i
  14 giorni. Come rimando il pacco?
- | Il sottoscritto dichiara di recedere dal contratto di vendita a distanza relativo al divano,
  ordine 88-12.
- ci ho ripensato | Ho comprato online il corso lunedì, recedo entro i quattordici giorni previsti
  e chiedo il rimborso di 240 euro.
- Odstąpienie od umowy | Oświadczam, że odstępuję od umowy sprzedaży butów zamówionych 2 maja w
  Państwa sklepie internetowym.
- zwrot | Dzień dobry, odstępuję od umowy w terminie 14 dni, sukienka nie pasuje, paczkę wysyłam
  jutro.
- | Niniejszym informuję o odstąpieniu od umowy na odległość, zamówienie 7718. Proszę o zwrot
  pieniędzy.
- garnki | Mąż podpisał umowę na pokazie w hotelu, w środę. Korzystamy z prawa odstąpienia bez
  podania przyczyny i odsyłamy garnki.
- | Na podstawie art. 27 ustawy o prawach konsumenta odstępuję od umowy o świadczenie usług z 4
  czerwca.
- zam. 1204 | chcę odstąpić od umowy, towar odebrałem w sobotę, nierozpakowany, jak go odesłać?
- Order 5520 | I hereby give notice that I withdraw from my contract of sale of the following
  goods: kettle, ordered on 2 May, received on 5 May.
- | I'd like to cancel my order within the 14 day cooling-off period. It arrived on Tuesday and
  hasn't been opened.
- cancelling | I am exercising my right to cancel under the Consumer Contracts Regulations. Please
  tell me where to send the lamp.
- broadband | Your man signed me up on my doorstep last Friday. I am withdrawing from the contract
  within fourteen days, as I may.
- | We wish to withdraw from the purchase of the mattress, order 3391, and will post it back this
  week.
- gym | I joined online on Sunday. Please cancel my membership, I am still within the 14 days
  cooling off.
- | Buongiorno, ho ordinato ieri un aspirapolvere dal vostro sito ma ci ho ripensato: esercito il
  recesso.
- | Vi comunico che intendo avvalermi del diritto di recesso per il telefono acquistato on line il
  12 giugno.
- zwrot butów | rozmyśliłam się, odstępuję od zakupu, buty nieużywane, zamówienie 551
- | Wczoraj podpisałem w domu umowę na fotowoltaikę. Odstępuję od umowy zawartej poza lokalem
  przedsiębiorstwa.
- changed my mind | I bought the course online on Monday and changed my mind. I'm cancelling the
  contract within my 14 days.
- | I want to withdraw from my order 221. The jacket is unworn and I'll post it tomorrow.
- | Ho cambiato idea sul frigorifero ordinato sul sito sabato: recedo dal contratto e aspetto il
  rimborso.
- | Zmieniłem zdanie. Odstępuję od umowy kupna rowerka, paczka jest nieotwarta.
- | I changed my mind about the rug and withdraw from the purchase. It came on Monday.
""",
    "data-breach": """
- Non sono io | Buongiorno, ho ricevuto per errore nella mia busta la fattura di un altro cliente,
  con nome e indirizzo.
- | Nella mail di ieri gli indirizzi di tutti gli iscritti erano in chiaro, li ho letti tutti.
- furto | Vi informo che stanotte ci hanno rubato un portatile con i dati dei clienti della vostra
  filiale.
- referti | Cercando il mio nome su Google ho trovato i miei referti sul vostro sito, senza
  password.
- Notifica ex art. 33 | In qualità di responsabile del trattamento vi notifichiamo una violazione
  dei dati personali avvenuta il 4 maggio.
- | Avete mandato il mio contratto a un'altra persona, mi ha appena telefonato per dirmelo.
- area clienti | Quando entro nell'area riservata vedo le bollette di un altro utente, con nome e
  codice fiscale.
- Pomyłka | Dzień dobry, otrzymałam w kopercie wyniki badań innej pacjentki, z numerem PESEL.
- | W wysłanym dziś mailu adresy wszystkich odbiorców są widoczne, powinniście użyć ukrytej kopii.
- kradzież | Wczoraj skradziono nam laptop, na którym były dane klientów z Państwa umowy.
- | Moja umowa z numerem PESEL jest dostępna publicznie, znalazłem ją przez Google.
- Zawiadomienie | Jako podmiot przetwarzający zawiadamiamy o naruszeniu ochrony danych osobowych,
  do którego doszło 4 maja.
- | Wysłaliście moje dane komuś innemu, pan z Gdańska dzwonił, że ma mój PIT.
- faktury | Po zalogowaniu widzę faktury innego klienta zamiast swoich.
- Wrong letter | Hello, the envelope I got today has another patient's test results in it. What
  shall I do with them?
- | Your newsletter went out with everyone's email addresses visible in the To field.
- Laptop | I have to report that a laptop with our members' details was stolen from my car last
  night.
- | I found my passport scan on Google, it is on your server without a password.
- Notification under Article 33(2) | As your processor we hereby notify you of a personal data
  breach discovered on 4 May.
- | You sent my medical records to someone else, she rang me up to tell me.
- portal | When I log in I can see another customer's invoices and address.
- | Salve, nella mia casella è arrivato l'estratto conto di un altro correntista, lo cancello?
- | Segnalo una violazione dei dati: sul vostro portale si vedono i documenti di altri utenti.
- | Ho ricevuto una vostra mail con il cedolino di un altro dipendente.
- | W autobusie zgubiłam teczkę z dokumentami uczniów, proszę o instrukcje.
- | Przysłali mi Państwo umowę innego klienta z jego numerem dowodu.
- | I received an email meant for another client with her bank statement attached.
- | We lost a USB stick with pupils' records on the train this morning.
- | Your payroll sent me somebody else's payslip.
- | Mi è arrivata la bolletta di un altro signore, con tutti i suoi dati e l'IBAN.
- | Dostałam dziś SMS i maila z danymi zupełnie innej osoby: nazwisko, adres, kwota zadłużenia.
- | The statement you posted to me belongs to somebody else, a Mrs Kaur.
""",
    "whistleblowing": """
- Segnalazione whistleblowing | Segnalo che nel mio ufficio i rimborsi spese vengono gonfiati dal
  dirigente. Chiedo che la mia identità resti riservata.
- | Ai sensi del d.lgs. 24/2023 intendo segnalare condotte illecite: appalti affidati sempre allo
  stesso fornitore in cambio di tangenti.
- riservata | Lavoro da voi come magazziniere. Voglio denunciare fatture false emesse dal
  responsabile; temo ritorsioni e vi prego di tutelarmi.
- | Con la presente segnalazione di illeciti, quale dipendente, riferisco che i rifiuti vengono
  smaltiti di notte; lo smaltimento è illegale.
- canale interno | Invio la presente segnalazione ai sensi del decreto legislativo 24/2023: il
  direttore falsifica i verbali di collaudo.
- Zgłoszenie naruszenia prawa | Zgłaszam, że kierownik magazynu fałszuje protokoły odbioru. Proszę
  o zachowanie mojej tożsamości w poufności.
- | Jako sygnalista chcę zgłosić ustawianie przetargów w naszym wydziale, zgodnie z ustawą o
  ochronie sygnalistów.
- zgłoszenie wewnętrzne | Składam zgłoszenie wewnętrzne na podstawie ustawy o ochronie sygnalistów.
  Dyrektor przyjmuje łapówki od wykonawców.
- | Pracuję u Państwa od lat. Chcę zgłosić wyłudzenia przy delegacjach, ale boję się działań
  odwetowych i proszę o anonimowość.
- | Przesyłam zgłoszenie naruszenia prawa: fikcyjne faktury w dziale zakupów, firma brata prezesa.
  Jestem pracownikiem.
- Whistleblowing report | I want to report that our manager falsifies the safety inspections.
  Please keep my name out of it.
- | I am making this protected disclosure about kickbacks paid to the purchasing director.
- confidential | I work in your accounts department and wish to report fraud by my supervisor. I'm
  afraid of retaliation.
- | This is a whistleblower report: waste is being dumped illegally behind the plant at night, see
  photos.
- Directive 2019/1937 | I am an employee and I report under the whistleblowing directive that
  tenders are rigged with bribes.
- | Segnalo in forma riservata che il mio superiore prende mazzette dai fornitori. Lavoro in
  azienda da dieci anni.
- | Chcę dokonać zgłoszenia jako sygnalista. W urzędzie wystawia się fałszywe zaświadczenia.
- | Zgłoszenie wewnętrzne naruszenia prawa: w firmie zatrudnia się ludzi na czarno, co zgłaszam
  jako pracownik.
- | I would like to make a protected disclosure about unsafe scaffolding and forged certificates.
- | Vi scrivo come whistleblower: segnalo gravi irregolarità negli appalti del settore lavori
  pubblici.
- | Chciałbym jako pracownik zgłosić korupcję w dziale zamówień i proszę o poufność.
- | Under the whistleblower law I am reporting illegal cash payments at your Leeds site.
""",
}
"""What starts a clock."""

OF_NONE = """
- Preventivo | Buongiorno, in allegato il preventivo. Hai il diritto di accedere ai tuoi dati,
  chiederne la rettifica o la cancellazione ai sensi degli artt. 15-22 del GDPR scrivendo a
  privacy@ditta.example.
- Candidatura | Invio il mio curriculum. Autorizzo il trattamento dei miei dati personali ai sensi
  del Regolamento UE 2016/679.
- CV | W załączeniu CV. Wyrażam zgodę na przetwarzanie moich danych osobowych na potrzeby
  rekrutacji. Oświadczam, że znam prawo do dostępu do moich danych i ich usunięcia.
- Oferta | Administratorem danych jest sklep. Przysługuje Pani prawo dostępu do danych, ich
  sprostowania, usunięcia oraz wniesienia sprzeciwu na podstawie art. 15-21 RODO.
- Our offers | You may at any time request access to, correction or erasure of your data under
  articles 15 to 22 GDPR. To unsubscribe, click here.
- Privacy notice update | We have updated our privacy notice. You have the right to object to
  processing and to withdraw your consent at any time.
- Informativa | Gli interessati possono esercitare i diritti di cui agli artt. 15 e seguenti del
  GDPR: accesso, cancellazione, opposizione.
- Newsletter | Ricevi questa mail perché sei iscritto. Se non vuoi più riceverla puoi cancellarti
  dalla newsletter con un clic.
- Biuletyn | Otrzymujesz tę wiadomość, bo zapisałeś się do newslettera. Możesz się wypisać w każdej
  chwili, klikając link w stopce.
- Webinar | Webinar: come rispondere a una richiesta di accesso ai dati ex art. 15 GDPR. Iscrizione
  gratuita.
- Szkolenie | Szkolenie online: wniosek o usunięcie danych z art. 17 RODO w praktyce. Prosimy o
  zapisy do piątku.
- Training | Handling subject access requests under article 15: a one day training course. Please
  book your place.
- Cambio indirizzo | Mi sono trasferita, vi prego di aggiornare il mio indirizzo: via Roma 4,
  Pavia.
- dati per fattura | Vi mando i miei dati per la fattura: Rossi Carla, codice fiscale in allegato.
- faktura | Proszę o wystawienie faktury na moje dane: Jan Nowak, ul. Leśna 3.
- faktura | Proszę o poprawienie faktury, jest na niej zły NIP.
- portale | Non riesco ad accedere ai miei dati sul portale, mi dà errore.
- lost photos | The phone erased my photos, can your workshop recover my data?
- do not delete | Please do not delete my account, I only forgot to pay.
- lista | Please take me off the waiting list for Thursday's class, I'm on holiday.
- lista d'attesa | Toglietemi dalla lista d'attesa per il corso di nuoto, ho trovato altrove.
- kolejka | Proszę wykreślić mnie z listy oczekujących na mieszkanie.
- thanks | Thank you for deleting my data so quickly, all sorted.
- grazie | Grazie per aver cancellato i miei dati, tutto a posto.
- dziękuję | Dziękuję za usunięcie moich danych, potwierdzam odbiór wiadomości.
- planning | I object to the proposed change of use of the barn next door.
- consent | I withdraw my consent to the sale of the field to my brother.
- consenso | Revoco il consenso all'intervento del 4 maggio, ho chiesto un secondo parere.
- sprzeciw | Wnoszę sprzeciw od decyzji o wymiarze podatku.
- condizioni | Vorrei sapere quali sono le condizioni di recesso prima di ordinare online.
- info | Entro quanti giorni posso recedere se compro sul vostro sito?
- pytanie | Czy mogę odstąpić od umowy, jeśli kupię buty przez internet?
- pytanie | Gdzie znajdę formularz odstąpienia od umowy? Jeszcze nic nie kupiłam.
- question | Can I withdraw from the contract within 14 days if I order online?
- terms | What is your cancellation policy? Do I have 14 days if I change my mind?
- shop terms | Consumers have the right to withdraw from the contract within 14 days without giving
  any reason.
- regulamin | Konsument może odstąpić od umowy w terminie 14 dni bez podania przyczyny, zgodnie z
  art. 27 ustawy o prawach konsumenta.
- condizioni | Il consumatore può recedere dal contratto entro quattordici giorni ai sensi
  dell'art. 52 del Codice del consumo.
- Disdetta | Comunico la disdetta dell'abbonamento alla palestra con decorrenza 30 giugno, con il
  preavviso di trenta giorni.
- recesso locazione | Comunico il recesso dal contratto di locazione con preavviso di sei mesi, per
  gravi motivi.
- wypowiedzenie | Wypowiadam umowę o internet z zachowaniem miesięcznego okresu wypowiedzenia.
- cancel | Please cancel my appointment on the 14th, I have a cold.
- subscription | I'd like to cancel my subscription at the end of the month, with the usual 30
  days' notice.
- prenotazione | Vorrei disdire la prenotazione del 14 giugno per due persone.
- complaint withdrawn | I withdraw my complaint of 3 May, the order arrived and all is well.
- course | I am withdrawing from the evening course because of my new job.
- kc | Wyznaczam dodatkowy termin do 2 kwietnia, po którym odstąpię od umowy i zażądam zwrotu
  zadatku.
- wady | Odstępuję od umowy z powodu wady, na podstawie art. 560 k.c. Samochód kupiony w marcu
  dalej nie jeździ.
- rimborso | Ho esercitato il recesso il 3 marzo e non ho ancora visto il rimborso.
- pacco sbagliato | Ho ricevuto le scarpe di un altro modello, numero 42 invece di 38.
- parcel | The label is mine but the box has somebody else's shoes in it.
- furto bici | Mi hanno rubato la bici davanti al vostro negozio, avete una telecamera?
- kradzież | Skradziono mi telefon, proszę zablokować kartę SIM.
- breach of contract | You are in breach of the contract of 1 August, clause 4. The pool was closed
  for six days.
- violazione | In violazione dell'art. 1 della legge 241/1990 non avete risposto.
- newsletter sicurezza | Data breach: come difendersi. Il nostro corso vi insegna a notificare una
  violazione dei dati.
- polityka | W przypadku naruszenia ochrony danych osobowych zawiadamiamy organ w ciągu 72 godzin.
- procedura | Vi chiediamo di inviarci la vostra procedura per la notifica di una violazione dei
  dati personali.
- cc | Please put the other members in cc next time, they like to know.
- altri clienti | La commessa mi ha trattata male davanti ad altri clienti.
- zamówienie | Dostałam towar innego koloru niż zamówiłam.
- wyciek | Mamy wyciek wody w łazience, proszę o hydraulika.
- whistle | I ordered a D tin whistle and this one is in C.
- procedura | Offriamo una piattaforma whistleblowing conforme al d.lgs. 24/2023: chiedete un
  preventivo.
- szkolenie | Ustawa o ochronie sygnalistów - szkolenie dla firm, 12 maja, zapisy trwają.
- policy | Do you have a whistleblowing policy? Our auditors ask all suppliers.
- segnalazione | Vi segnalo che il lampione di via Verdi è spento da una settimana.
- segnalazione buca | Segnalo una buca pericolosa davanti alla scuola, i bambini inciampano.
- report | I want to report a fault on my line, no dial tone since Sunday.
- frode carta | Segnalo un addebito fraudolento sulla mia carta, vi prego di bloccarla.
- fraud | I'd like to report a fraudulent payment of 40 pounds on my account.
- reclamo | La lavatrice consegnata ieri perde acqua, chiedo la sostituzione.
- pytanie | Czy sklep jest otwarty w sobotę?
- | Ho trovato il vostro sito su Google, il mio numero è 333 000 000, vorrei un preventivo.
- | Ho trovato il vostro indirizzo su Google e vi mando i miei documenti per la pratica.
- | I found you on Google. Please see my details below and call me back.
- | Other customers received their invoices weeks ago, mine has not come.
- | Other people got their results on Monday, I am still waiting for mine.
- | Ho inviato i documenti a un altro dipendente vostro ieri, il signor Rossi.
- | Dostałem maila od innego klienta, że macie promocję, czy to prawda?
- | In allegato vi ho inviato il contratto per un altro cliente, da firmare entro lunedì.
- | I have attached the invoice for another client, please pay both together.
- | Avete inviato il mio contratto a un altro indirizzo, abito in via Verdi adesso.
- | You sent my invoice to the wrong address, I moved in May.
- | Ai sensi dell'art. 15 del regolamento UE 261/2004 chiedo copia della prenotazione e il rimborso
  del volo.
- | Please find attached our reply to your access request under article 15 GDPR with a copy of the
  data.
- | In risposta alla Sua richiesta di accesso ex art. 15 GDPR, trasmettiamo copia dei dati
  personali che La riguardano.
- | W odpowiedzi na Pana wniosek z art. 15 RODO przesyłamy kopię danych osobowych.
- | Esercito il diritto di accesso agli atti ai sensi della legge 241/1990 e chiedo copia del
  verbale.
- | Vi informiamo che il Garante ha pubblicato le linee guida sulla notifica di una violazione dei
  dati personali (art. 33).
- | Have you had any data breach in the last twelve months? Please fill in our supplier
  questionnaire.
- | The processor shall notify you of any personal data breach within 24 hours, see clause 9 of the
  agreement.
- | Informujemy, że Prezes UODO nałożył karę za naruszenie ochrony danych osobowych na bank.
  Przeczytaj nasz artykuł.
- | Some of the customer data is missing from the new server, please check the import.
- | Ho perso il tabellone con i turni, me lo rimandate?
- | My daughter lost her phone on the bus with her friends' numbers in it.
- | Segnalo una frode sulla mia carta di credito, lavoro da casa e vi prego di trattare la cosa in
  modo riservato.
- | We write about the new whistleblowing law in this month's issue. Report and disclose with
  confidence!
- | Our anti-corruption report is online. Read how companies protect whistleblowers.
- | Jestem dziennikarką i piszę o sygnalistach. Czy mogę zgłosić się na rozmowę o naruszeniach?
- | Sono il vostro consulente: entro dicembre va adeguato il canale di segnalazione illeciti al
  d.lgs. 24/2023, segnalo la scadenza.
- | Our tin whistle class reports: false notes are welcome!
- | Wniosek o dostęp do informacji publicznej: proszę o kopię umów z firmą sprzątającą.
- | Please send me a copy of my contract and delete the second phone line from it.
- | Vorrei eliminare una voce dal mio ordine, i miei dati sono corretti.
- | Please remove the old address from my account and use the new one.
- | Could you remove me from tomorrow's rota? I have a fever.
- | Proszę usunąć z zamówienia dwie sztuki, moje dane bez zmian.
- | Proszę o usunięcie usterki, moje dane kontaktowe: Jan Kot, 600 000 000.
- | I need my account statement and would like the late fee deleted.
- | Could you please delete the duplicate booking from my account?
- | Vi chiedo di eliminare il doppio addebito dal mio account.
- | Proszę o usunięcie podwójnej opłaty z mojego konta.
- CV | Autorizzo il trattamento dei miei dati. Sono consapevole di poter revocare il consenso al
  trattamento dei dati in ogni momento.
- CV | Dichiaro di essere stata informata del diritto di chiedere la cancellazione dei miei dati e
  copia dei miei dati.
- CV | Zostałam poinformowana o prawie do usunięcia moich danych i o tym, że mogę cofnąć zgodę na
  przetwarzanie danych.
- CV | I agree to my data being stored. I understand that I can request erasure of my data and that
  I may withdraw my consent to the processing at any time.
- form | I know I have the right to request a copy of my data; no need for it now.
- how | Can you tell me how to delete my account in the app? I can't find the button.
- come | Vorrei sapere come cancellare il mio account dall'app, non trovo il pulsante.
- jak | Proszę o informację, jak usunąć moje konto w aplikacji, nie widzę przycisku.
- | Modulo iscrizione: acconsento alla newsletter. Posso cancellarmi dalla newsletter quando
  voglio.
- | Zapis na newsletter: wiem, że mogę się wypisać z newslettera w każdej chwili.
- | We would like to remind our clients that our newsletter has moved. Please take us off your spam
  filter.
- | Could you put me on the mailing list, please?
- | Please remove the comma from my name on the invoice from your office.
"""
"""Near misses and ordinary mail."""


def mails(table: str) -> list[tuple[str, str]]:
    """Return the (subject, text) of each mail in a table."""
    cases = f"\n{table.strip()}".split("\n- ")[1:]
    parted = (" ".join(one.split()).partition("|") for one in cases)
    return [(subject.strip(), text.strip()) for subject, _, text in parted]
