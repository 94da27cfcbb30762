"""Prior knowledge: groups of words that hint at a label in the shipped languages.

All folded, one to four words in a row. A bar ends an entry; a star ends it too and makes its last
word a stem. How much a group counts, and for which label, is learnt; see `classifiers.train`.
"""

CUES: dict[str, str] = {
    "words of displeasure": """
        inaccettabil* vergogn* assurd* delus* delusion* pessim* scandal* indecen* disserviz*
        incompeten* maleducat* scortes* stuf* esasperat* arrabbiat* furios* indignat* insoddisfa*
        presa in giro| prendere in giro| non e possibile| non e accettabile| non se ne puo| basta
        cosi* lamentel* mai piu| disgust* trascura* negligen* rovinat* rotto| rotta| difettos*
        sbagliat* sporc* skandal* niedopuszczaln* nie do przyjecia| karygodn* zenad* zalosn* kpin*
        kpia* oszust* oszuk* rozczarow* zawied* zawiodl* bezczeln* niekompeten* wstyd* chamsk*
        chamst* dosc| fatalny| fatalna| fatalne| fataln* tragicz* masakra| lekcewa* olewa*
        niezadowol* nieuprzejm* zepsut* wadliw* uszkodzon* unacceptabl* disgrac* appall* terrible|
        awful| disappoint* frustrat* furious| angry| rude incompeten* useless| ridiculous|
        shocking| shambles| outrag* not good enough| fed up| let down| worst* poor service|
        dissatisf* unhappy| upset| ruined| faulty| defectiv* damaged| shoddy| careless*
        unverschamt* enttausch* frech* schlecht* unmoglich* argerlich* inadmissibl* honteux| decu*
        decepcion* vergonz* inacept* pesim*
    """,
    "words of a claim": """
        reclam* contest* diffid* messa in mora| messo in mora| rimbors* risarc* indennizz* storn*
        restituzion* sostituzion* nota di credito| nota credito| reso| ridat* garanzia legale| non
        conform* inadempi* codice del consumo| reclamo formale| riparazion* accredit* rifond*
        conguagli* reklamac* skarg* skarze* wzywam| wezwanie| zwrot pieniedzy| zwrot kosztow|
        zwrotu pieniedzy| zwrotu| zadam| zadamy| zadanie| odszkodow* zadoscuczyn* korekt* wymian*
        rekojmi* niezgodn* naprawien* oddajcie| oddac pieniadze| wnosze o| wnosimy o| obnizeni*
        rekompens* bonifikat* complain* refund* compensat* reimburs* replacement| replace it| money
        back| put it right| put this right| apology| apologies| apologise* credit note| breach*
        consumer rights| formal notice| make good| goodwill| beschwer* reklam* erstatt* entschadig*
        ruckerstatt* remboursement| reclamation| dedommag* reembols* indemniz* queja*
    """,
    "threats and authorities": """
        avvocat* legale| legali| associazione consumatori| agcom| arera| antitrust| denunci*
        tribunale| giudice| ombudsman| autorita| difensore civico| conciliazion* codacons|
        adiconsum| vie legali| rzecznik* uokik| sad| sadu| prawnik* adwokat* kancelari* inspekcj*
        na droge sadowa| sadow* urzad regulacji| solicitor* lawyer* legal action| trading
        standards| regulator| small claims| court| watchdog| chargeback| section 75| take this
        further| escalat* anwalt* gericht*
    """,
    "not done, again, still": """
        ancora niente| ancora nulla| ancora nessun* nessuna risposta| nessuno risponde| senza
        risposta| nessuno ha| terza volta| seconda volta| quarta volta| ennesim* sollecit* di
        nuovo| per l'ennesima| avevate promesso| promess* avevate detto| mi avevate| ci avevate|
        doveva arrivare| doveva essere| dovevate| in ritardo| ritardo| invece di| non e arrivat*
        mai arrivat* non avete| mai ricevut* non funziona ancora| manca ancora| mancav* mi avete|
        ci avete| avete sbagliato| vostro errore| addebitat* da settimane| da mesi| settimane|
        invano| nadal| wciaz| ciagle| znowu| znow| po raz kolejny| kolejny raz| trzeci raz| drugi
        raz| czwarty raz| ponagl* bez odpowiedzi| nikt nie| do dzis| do tej pory| mialo byc| mial
        byc| miala byc| obieca* obiecan* zamiast| opozn* spoznil* nie dotar* nie dosta* brakuje|
        brakowa* pomyl* naliczon* naliczyl* zgubil* wasz blad| waszej winy| z waszej winy| tygodni|
        miesiac bez| still not| still no| still waiting| yet again| third time| second time| fourth
        time| once again| promised| was supposed| were supposed| should have| instead of| late|
        never arrived| not arrived| no reply| nobody| no one| chasing| ignored| again| missing|
        wrong| overcharg* charged twice| your mistake| your error| weeks| failed| fails| failure|
        still| waited| immer noch| schon wieder| versproch* toujours pas| encore une fois| todavia
        no| otra vez|
    """,
    "mock praise": """
        complimenti| bravi| bravissimi| congratulazion* che bello| geniale| fantastico| pazienza|
        ammirevol* ammiro| gratul* brawo| super| cudownie| podziwiam| wspaniale| imponuj* swietnie|
        congratulations| bravo| impressive| delighted to| well done| marvellous| charming| thank
        you so much| admire|
    """,
    "asking": """
        vorrei| vorremmo| potreste| potete| potrebbe| potrei| posso| chiedo| chiediamo| chiedere|
        chiederv* richied* mi serve| mi servirebbe| avrei bisogno| ho bisogno| come faccio| come si
        fa| come posso| e possibile| si puo| gradirei| mi mandate| mi dite| mi dice| desidero|
        desidererei| vi prego| sapete| sapere se| dove posso| bisogna| devo| informazion*
        preventiv* prosze o| prosimy o| chcialbym| chcialabym| chcemy| czy mozna| czy moge| czy
        mozecie| czy jest| czy moglib* jak moge| jak zrobic| potrzebuje| potrzebujemy| mam pytanie|
        pytanie| pytam| prosba| uprzejmie prosze| interesuje mnie| zwracam sie z prosba|
        moglibyscie| podeslac| poprosze| wniosek| wnioskuje| zapytanie| wycen* could you| can you|
        would you| please could| i would like| i'd like| we would like| may i| can i| could i| how
        do| how can| how much| is it possible| please send| please let| let me know| do you have|
        do you sell| what is the| wondering| enquir* inquir* i need| we need| quote for| quotation|
        konnten sie| ich mochte| bitte um| pourriez| je voudrais| j'aimerais| podrian| quisiera| me
        gustaria|
    """,
    "prices, hours, how-to": """
        quanto costa| quanto viene| costo| prezzo| prezzi| orari| orario| disponibil* modulo|
        moduli| documenti| procedura| istruzioni| preventivo| iscrizione| certificat* copia|
        duplicat* ile kosztuje| cena| cennik| godziny| godzinach| dostepn* formularz* dokument*
        instrukcj* zaswiadczen* koszt| termin| duplikat| kopi* price list| cost| opening hours|
        opening times| available| availability| form| documents| instructions| step by step|
        certificate| copy of| duplicate|
    """,
    "orders, bookings, changes": """
        prenot* ordinare| ordinazion* disdire| disdetta| recess* annullar* cambiare| cambio|
        modificar* spostare| trasloc* volturare| voltura| attivare| disattivar* cancellare|
        cancellatemi| aggiornare| rinnovar* iscriver* rezerw* zamowic| zamawiam| wypowiedzenie|
        wypowiadam| odstap* rezygn* zmian* zmienic| przeniesc| przelozyc| anulowa* aktywow*
        usuniecie| usunac| zapisac| zaktualizow* przedluz* book a| booking| reserve| reservation|
        to order| cancel my| cancel our| cancellation| change my| change of| switch to| move my|
        transfer| activate| deactivate| remove me| delete my| update my| renew| sign up for|
    """,
    "my own doing": """
        colpa mia| per colpa mia| errore mio| mio errore| ho sbagliato| mi sono dimenticat* ho
        perso| ho smarrit* distratt* nessun problema con voi| non e colpa vostra| con voi nessun*
        moja wina| z mojej winy| sam zawini* sama zawini* przez moja| pomylilem| pomylilam|
        zgubilem| zgubilam| zapomnialem| zapomnialam| to nie wasza wina| z wlasnej winy| my own
        fault| my fault| my mistake| entirely my| i lost| i forgot| i dropped| not your fault|
        silly of me| no complaint| nothing wrong with|
    """,
    "offers": """
        offert* scont* promozion* promo| saldi| gratis| omaggio| codice sconto| approfitt* solo
        fino| solo per| acquista| scopri| risparmi* imperdibil* coupon| voucher| novita| black
        friday| prezzo speciale| spedizione gratuita| rabat* promocj* znizk* okazj* wyprzedaz*
        kupon* kod rabatowy| tylko do| tylko dzis| tylko teraz| darmow* taniej| sprawdz| odbierz|
        skorzystaj| zgarnij| nowosc| nowosci| oszczedz* kup teraz| offer| offers| discount* sale|
        deal| deals| save| free delivery| off everything| per cent off| promo code| shop now| buy
        now| exclusive| limited| discover| introducing| launch* special price| code| early bird|
        angebot* rabatt* gutschein* jetzt sichern| soldes| remise| descuento* rebajas|
    """,
    "editorial": """
        in questo numero| numero di| newsletter| bollettino| notiziario| rassegna| rubrica|
        editoriale| leggi tutto| continua a leggere| leggi l'articolo| leggi anche| buona lettura|
        approfondiment* la redazione| redazione| archivio| intervist* podcast| agenda| notizie|
        prossimo numero| w tym numerze| numer| biuletyn| przeczytaj| czytaj dalej| czytaj wiecej|
        wywiad| redakcja| artykul* poradnik| aktualnosci| przeglad| wydanie| w numerze| milej
        lektury| zapraszamy do lektury| in this issue| this issue| this month| this week| bulletin|
        digest| read more| read on| read the full| editor| round-up| roundup| issue| happy reading|
        latest news| highlights| top stories| our blog| in dieser ausgabe| dans ce numero| en este
        numero|
    """,
    "unsubscribing": """
        disiscriv* annulla l'iscrizione| cancellati| cancella iscrizione| non vuoi piu ricever*
        ricevi questa| ricevi questo| ricevete questa| hai ricevuto questa| visualizza nel browser|
        gestisci le preferenze| preferenze| iscritto alla| iscritt* inoltra a un amico| wypisz*
        rezygnacj* z newslettera| otrzymujesz te| otrzymujesz ten| dostajesz te| dostajesz ten|
        zrezygnowac z| wyswietl w przegladarce| zarzadzaj| lista mailingowa| ustawienia
        subskrypcji| subskryb* unsubscrib* opt out| manage preferences| manage your| preferences|
        view in browser| view in your| you receive| you are receiving| you're receiving| you get
        this| mailing list| subscrib* forward to a| abmelden| abbestellen| desabonn* desinscri*
        darse de baja| cancelar suscripcion|
    """,
    "invitations": """
        ti invitiamo| vi invitiamo| siete invitati| sei invitato| evento| eventi| webinar|
        convegno| inaugurazione| porte aperte| open day| posti limitati| iscriviti| registrati|
        partecipa| partecipate| vi aspettiamo| ti aspettiamo| ingresso libero| programma|
        zapraszamy| zaprasza| wydarzen* konferencj* dzien otwarty| dni otwarte| zapisz sie|
        zarejestruj| liczba miejsc| wstep wolny| do zobaczenia| warsztat* dolacz* join us| you are
        invited| you're invited| invited| event| events| conference| open evening| register| places
        are limited| rsvp| save the date| tickets| free entry| free admission| see you there|
        einladung| invitation a| te invitamos|
    """,
    "to many": """
        cari soci| care socie| cari amici| care amiche| gentili clienti| cari clienti| gentile
        cliente| cari lettori| cari associati| agli associati| a tutti| a tutte| a tutti i|
        circolare| cari genitori| cari colleghi| ciao a tutti| drodzy| szanowni klienci| drogi
        kliencie| drodzy klienci| drodzy czytelnicy| szanowni czlonkowie| do wszystkich| wszystkich
        czlonkow| okolnik| kochani| drodzy przyjaciele| czytelni* dear members| dear friends| dear
        customers| dear customer| dear readers| dear reader| dear all| dear supporters| dear
        neighbours| dear colleagues| hello everyone| hi everyone| to all| all members| our members|
        our customers| our readers| circular| supporters| friends| liebe| chers| queridos|
    """,
    "appeals": """
        dona| donare| donazion* cinque per mille| 5x1000| sostieni| sostenete| aiutaci| aiutateci|
        raccolta fondi| petizion* firma la| volontar* solidal* wesprzyj| wspieraj* darowizn* wplac|
        zbiork* fundacj* przekaz 1| pomoz| podpisz| petycj* 1,5| krs| wolontar* donate| donation*
        fundrais* appeal| charity| sign the| petition| volunteer* your support| your gift| every
        pound|
    """,
    "thanks": """
        grazie di cuore| grazie mille| ringrazi* grazie ancora| gentilissim* bravissim*
        professional* impeccabil* disponibilita e| vi siamo grati| apprezz* elogi* tanta
        gentilezza| grazie per| dziekuje| dziekujemy| podziekow* serdecznie dziek* wdzieczn*
        pochwal* bardzo dziekuje| mila obsluga| uprzejm* profesjonal* polecam| dzieki thank you|
        thanks| thank| grateful| wonderful| brilliant| kind| kindness| appreciat* praise| lovely|
        excellent| danke| merci| gracias|
    """,
    "settled": """
        risolto| risolta| tutto a posto| tutto bene| tutto ok| sistemato| sistemata| ora funziona|
        e arrivato| ritiro il reclamo| chiudere| potete chiudere| caso chiuso| non serve altro|
        rozwiazan* zalatwion* wszystko gra| wszystko dziala| juz dziala| dotarlo| dotarla| dotarl|
        wycofuje| zamknac sprawe| sprawa zamknieta| sprawe uwazam| all sorted| sorted| resolved|
        solved| all good| works now| working now| arrived safely| withdraw| close the| consider the
        matter| matter closed| erledigt| regle| resuelto|
    """,
    "no answer wanted": """
        non serve rispond* non serve rispost* nessuna risposta necessaria| non occorre rispond* non
        e richiesta| per vostra informazione| solo per informar* volevo solo| volevo dirvi| per
        conoscenza| vi informo| vi informiamo| comunico che| nie trzeba odpowiad* nie oczekuje
        odpowiedzi| tylko informuj* informuje| informujemy| chcialam tylko|
        chcialem tylko| do wiadomosci| no reply needed| no need to| no answer needed| no action|
        for your information| just to let| just wanted to| just to say| to inform| for your
        records|
    """,
    "automatic notice": """
        comunicazione automatica| messaggio automatico| non rispondere| non rispondete| generata
        automaticamente| inviata automaticamente| noreply| ordine confermato| conferma ordine| la
        sua fattura| la tua fattura| e stata emessa| e in consegna| spedit* e stato spedito| codice
        di verifica| password| area riservata| area personale| scade| scadenza| promemoria|
        estratto conto| domiciliazion* addebito| tracking| wiadomosc wygenerowan* wygenerowan*
        automatyczn* prosimy nie odpowiadac| nie odpowiadaj| potwierdz* twoje zamowienie| panstwa
        zamowienie| faktura nr| e-faktura| wystawion* zostal* nadan* kod weryfik* haslo| przypomin*
        termin platnosci| do zaplaty| panel klienta| kurier| sledzeni* automatic| automatically|
        automated| do not reply| don't reply| order confirmed| confirmation| confirmed| your order|
        your invoice| your bill| is ready| has been| dispatched| out for delivery| verification
        code| security code| reminder| statement| direct debit| will be debited| online account|
        reference|
    """,
    "as you asked": """
        come richiesto| come da richiesta| come d'accordo| come da accordi| in allegato| allego|
        alleghiamo| trova allegat* trovate allegat* vi invio| le invio| le trasmetto| vi trasmett*
        a seguito della vostra| zgodnie z prosba| zgodnie z ustaleni* w zalaczeniu| w zalaczniku|
        zalaczam| przesylam| przesylamy| na panstwa prosbe| jak ustalilismy| jak prosilis* as
        requested| as agreed| as discussed| as promised| you asked for| attached| enclosed| please
        find| herewith| here are the| here is the|
    """,
    "job application": """
        curriculum| candidatur* mi candido| cv| lettera di presentazione| tirocin* stage| assun*
        colloquio| esperienza come| disponibile a lavorare| aplikuj* aplikacj* stanowisk* praktyk*
        staz| rekrutac* doswiadczeni* list motywacyjny| prace u| applying| apply for| application
        for| vacancy| internship| position of| cover letter| work experience| resume| job|
        interview|
    """,
    "sales approach": """
        la nostra azienda| la nostra agenzia| offriamo| proponiamo| collaborazione| fornitor* vi
        propongo| le propongo| fissare una call| dieci minuti| quindici minuti| breve chiamata|
        aziende come la vostra| ho visto il vostro| ho visitato il vostro| partnership| nasza
        firma| oferujemy| wspolprac* proponuj* firma zajmuje| krotka rozmow* widzialem panstwa|
        zauwazylem| panstwa strone| panstwa firm* dla firm| our company| our agency| we offer| i
        noticed| i came across| companies like| businesses like| quick call| ten minutes| fifteen
        minutes| 15 minutes| your website| we help| supplier| happy to show|
    """,
    "bait": """
        verifichi| verifica il| verificare i dati| confermi i dati| sospes* bloccato il| clicchi|
        clicca qui| entro 24 ore| accesso anomalo| vincitore| vinto| eredita| zweryfikuj|
        weryfikacj* zablokowan* zawieszon* kliknij| w ciagu 24| wygral* spadek| doplat* niedoplat*
        verify your| confirm your| suspended| click here| click the link| within 24| unusual
        activity| locked| winner| won| inheritance| act now|
    """,
    "among colleagues": """
        riunione| turni| turno| ferie| ci vediamo| collegh* ufficio| domani alle|
        pranzo| caffe| zebranie| spotkani* dyzur* urlop| kolez* jutro o| widzimy sie| biurze|
        grafik| lunch| meeting| rota| shift| holiday| see you| colleague* team| staff| tomorrow at|
        minutes of|
    """,
    "a third party's doing": """
        vicin* di casa| il vicino| i vicini| altra ditta| altra azienda| il comune| condomin*
        schiamazz* sasiad* inna firma| innej firmy| innej spoldzielni| u konkurenc* lokator*
        neighbour* neighbor* another company| another firm| other company| next door| competitor*
    """,
    "service notice": """
        interruzione| lavori programmati| manutenzione| aggiornamento delle condizioni| condizioni
        generali| variazione| nuove tariffe| a decorrere| decorrenza| richiamo| avviso| si
        comunica| si informa| gentile utente| przerw* planowan* prace konserwac* regulamin*
        regulamin| cennika| ogloszen* komunikat| uprzejmie informujemy| od dnia| wycofan*
        konserwac* planned works| planned maintenance| maintenance| terms and conditions| changes
        to| will change| recall| service update| from 1| notice| interruption| tariff| we are
        writing to| important information|
    """,
}
"""Readable name of the group -> its entries, each ended by a bar or a star."""
