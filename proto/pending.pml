/*
 * The pending table and the matching of responses (protocol.md, sections 5, 8 and 9) as a model for
 * Spin. A local server forwards the questions of two clients to an authoritative server. The
 * network between the servers loses, doubles, delays and reorders whatever it carries; an attacker
 * who sees none of it sends what he likes.
 *
 * IDs and ports wrap after a few values, so that every ID and every port comes back while copies of
 * old datagrams are still under way. Nothing is cached: every question goes upstream.
 *
 * The attacker is off the path: either he cannot pretend to be the authoritative server (SRC_OTHER,
 * any port), or he can but does not know the socket's port (SRC_SERVER, the port GUESSED, which no
 * socket gets: he is not lucky). ID and question he may know.
 *
 * Promised, as assertions: what a question takes for its answer was said by the authoritative
 * server about the name that was asked; a client gets one answer for a query.
 *
 * The rule is the protocol's own unless one of these is defined, each of which weakens it:
 *
 *     ID_ALONE      the ID decides, whatever socket, source and question
 *     NO_QUESTION   the question is not compared (NIB-5.3)
 *     NO_SOURCE     the address that a response came from is not compared (NIB-6.5)
 *     NO_PORT       one socket for all questions (instead of NIB-8.10)
 *     ANY_REPEAT    a client's repeat of a waiting query waits, too (instead of NIB-8.12)
 *
 * Without the ID (NIB-5.2) the promise holds as well, here: the socket and the question suffice
 * against all that the network does. The ID is one thing more that an attacker has to guess.
 *
 * WITNESS claims that the last question never gets an answer, to see that the search gets there.
 *
 * A counterexample, replayed, prints its datagrams in the language of `nibpcap make`.
 */

#ifndef ASKS
#define ASKS 3 /* queries of both clients together */
#endif
#ifndef GUESSES
#define GUESSES 1 /* datagrams of the attacker */
#endif
#define CLIENTS 2
#define SLOTS 2   /* fetches under way */
#define IDS 2     /* values of an ID */
#define PORTS 2   /* ports of sockets; port PORTS is the one that the attacker guesses */
#define GUESSED PORTS
#define NET 2     /* datagrams under way at most */
#define TRIES 2

mtype = { nothing, query, response };
#define SRC_SERVER 0
#define SRC_OTHER 1

typedef datagram {
    mtype kind;
    bit src, id, name, forged;
    byte port;
}
datagram net[NET];

typedef question {
    bool used;
    bit id, name;
    byte port, tries;
    byte waits[CLIENTS]; /* how often each client's query waits on it */
}
question slot[SLOTS];

typedef asker {
    bool waiting;
    bit name;
    byte id; /* of its next query */
    bool repeated;
}
asker client[CLIENTS];

byte asked, guessed;
bit next_id;

#if defined(ID_ALONE)
#define FITS(d, q) (d.id == q.id)
#elif defined(NO_QUESTION)
#define FITS(d, q) (d.src == SRC_SERVER && d.port == q.port && d.id == q.id)
#elif defined(NO_SOURCE)
#define FITS(d, q) (d.port == q.port && d.id == q.id && d.name == q.name)
#elif defined(NO_PORT)
#define FITS(d, q) (d.src == SRC_SERVER && d.id == q.id && d.name == q.name)
#else
#define FITS(d, q) (d.src == SRC_SERVER && d.port == q.port && d.id == q.id && d.name == q.name)
#endif

inline say_name(NAME)
{
    if
    :: NAME == 0 -> printf("shop.amazone.com")
    :: NAME == 1 -> printf("cloud.amazone.com")
    fi
}

inline say_result(NAME, LIE)
{
    if
    :: LIE -> printf(" 203.0.113.66 ttl 0")
    :: !(LIE) && NAME == 0 -> printf(" 3.33.147.88 ttl 0")
    :: !(LIE) && NAME == 1 -> printf(" 15.197.140.28 ttl 0")
    fi
}

/* Sends a question's datagram; where the network is full, it is lost. */
inline ask(SLOT)
{
    if
    :: slot[SLOT].tries == 0 -> printf("+0.001")
    :: else -> printf("+0.5")
    fi;
    printf(" socket%d > amazone query A ", slot[SLOT].port);
    say_name(slot[SLOT].name);
    printf(" id %d\n", slot[SLOT].id);
    slot[SLOT].tries++;
    if
    :: net[0].kind == nothing ->
        put(0, query, SRC_SERVER, slot[SLOT].port, slot[SLOT].id, slot[SLOT].name, 0)
    :: net[0].kind != nothing && net[1].kind == nothing ->
        put(1, query, SRC_SERVER, slot[SLOT].port, slot[SLOT].id, slot[SLOT].name, 0)
    :: else
    fi
}

inline put(AT, KIND, FROM, TO, WITH, ABOUT, LIE)
{
    net[AT].kind = KIND;
    net[AT].src = FROM;
    net[AT].port = TO;
    net[AT].id = WITH;
    net[AT].name = ABOUT;
    net[AT].forged = LIE
}

inline clear(AT)
{
    put(AT, nothing, 0, 0, 0, 0, 0)
}

inline close(SLOT)
{
    slot[SLOT].used = false;
    slot[SLOT].id = 0;
    slot[SLOT].name = 0;
    slot[SLOT].port = 0;
    slot[SLOT].tries = 0
}

/* Tells a question's clients the result, or its failure, once for each time they wait. */
inline tell(SLOT, FOUND)
{
    c = 0;
    do
    :: c < CLIENTS ->
        if
        :: slot[SLOT].waits[c] > 0 ->
            if
            :: FOUND -> printf("+0.001")
            :: !FOUND -> printf("+1")
            fi;
            printf(" local > client%d response A ", c);
            say_name(client[c].name);
            if
            :: FOUND -> say_result(slot[SLOT].name, 0)
            :: !FOUND -> printf(" Server failure ttl 0")
            fi;
            printf(" id %d\n", client[c].id);
            if
            :: slot[SLOT].waits[c] > 1 ->
                printf("# The weak rule answers once more, for the repeat. Ours does not.\n");
                assert(false) /* one answer for a query */
            :: else
            fi;
            assert(client[c].waiting && client[c].name == slot[SLOT].name);
            client[c].waiting = false;
            client[c].repeated = false;
            client[c].name = 0;
            client[c].id++;
            slot[SLOT].waits[c] = 0
        :: else
        fi;
        c++
    :: else -> break
    od;
    c = 0
}

/* A client's query reaches the local server: it waits on the fetch under way, or a new one. */
inline enter(CLIENT)
{
    printf("+1 client%d > local query A ", CLIENT);
    say_name(client[CLIENT].name);
    printf(" id %d\n", client[CLIENT].id);
    if
    :: slot[0].used && slot[0].name == client[CLIENT].name -> slot[0].waits[CLIENT]++
    :: slot[1].used && slot[1].name == client[CLIENT].name -> slot[1].waits[CLIENT]++
    :: else ->
        if
        :: !slot[0].used -> s = 0
        :: slot[0].used -> s = 1 /* free: two clients have two questions at most */
        fi;
        slot[s].used = true;
        slot[s].name = client[CLIENT].name;
        slot[s].id = next_id;
        next_id = (next_id + 1) % IDS;
        slot[s].waits[CLIENT] = 1;
        select(p : 0 .. PORTS - 1);
        if
        :: slot[1 - s].used && slot[1 - s].port == p -> p = 1 - p
        :: else
        fi;
        slot[s].port = p;
        ask(s);
        p = 0;
        s = 0
    fi
}

/*
 * A datagram reaches the local server: it ends the question that it fits, if any. Which of two it
 * fits is decided by its socket, where the rule looks at that, else by the order of the slots.
 */
inline arrive(AT)
{
    if
    :: net[AT].src == SRC_SERVER -> printf("+0.02 amazone > ")
    :: net[AT].src == SRC_OTHER -> printf("+0.02 stranger > ")
    fi;
    printf("socket%d response A ", net[AT].port);
    say_name(net[AT].name);
    say_result(net[AT].name, net[AT].forged);
    printf(" id %d\n", net[AT].id);
    s = SLOTS;
    if
    :: slot[0].used && FITS(net[AT], slot[0]) -> s = 0
    :: !(slot[0].used && FITS(net[AT], slot[0])) && slot[1].used && FITS(net[AT], slot[1]) -> s = 1
    :: else
    fi;
    if
    :: s < SLOTS ->
        if
        :: net[AT].forged || net[AT].name != slot[s].name ->
            printf("# The weak rule takes that for the answer to socket%d's question. Ours waits.\n",
                slot[s].port);
            printf("+0.02 amazone > socket%d response A ", slot[s].port);
            say_name(slot[s].name);
            say_result(slot[s].name, 0);
            printf(" id %d\n", slot[s].id);
            tell(s, true);
            assert(false)
        :: else
        fi;
#ifdef WITNESS
        assert(asked < ASKS);
#endif
        tell(s, true);
        close(s)
    :: else
    fi;
    s = 0
}

active proctype world()
{
    byte c, s, p, n;
end:
    do
    /* a client asks */
    :: atomic { asked < ASKS && (!client[0].waiting || !client[1].waiting) ->
        if
        :: !client[0].waiting -> n = 0
        :: !client[1].waiting -> n = 1
        fi;
        asked++;
        client[n].waiting = true;
        if
        :: client[n].name = 0
        :: client[n].name = 1
        fi;
        enter(n);
        n = 0 }
    /* a client asks again while it waits */
    :: atomic { client[0].waiting && !client[0].repeated ->
        client[0].repeated = true;
        printf("+1 client0 > local query A ");
        say_name(client[0].name);
        printf(" id %d\n", client[0].id);
#ifdef ANY_REPEAT
        if
        :: slot[0].waits[0] > 0 -> slot[0].waits[0]++
        :: else -> slot[1].waits[0]++
        fi
#endif
        }
    /* a question's deadline: another try, or the end */
    :: atomic { slot[0].used || slot[1].used ->
        if
        :: slot[0].used -> n = 0
        :: slot[1].used -> n = 1
        fi;
        if
        :: slot[n].tries < TRIES -> ask(n)
        :: slot[n].tries >= TRIES -> tell(n, false); close(n)
        fi;
        n = 0 }
    /* the network: something arrives, once or not for the last time, or is lost */
    :: atomic { net[0].kind != nothing || net[1].kind != nothing ->
        if
        :: net[0].kind != nothing -> n = 0
        :: net[1].kind != nothing -> n = 1
        fi;
        if
        :: clear(n) /* lost */
        :: net[n].kind == query -> /* the authoritative server answers; the query was the last copy */
            net[n].kind = response
        :: net[n].kind == query && net[1 - n].kind == nothing -> /* it was not */
            put(1 - n, response, SRC_SERVER, net[n].port, net[n].id, net[n].name, 0)
        :: net[n].kind == response -> /* a copy stays under way */
            arrive(n)
        :: net[n].kind == response ->
            arrive(n);
            clear(n)
        fi;
        n = 0 }
    /* the attacker */
    :: atomic { guessed < GUESSES && (net[0].kind == nothing || net[1].kind == nothing) ->
        guessed++;
        if
        :: net[0].kind == nothing -> n = 0
        :: net[0].kind != nothing -> n = 1
        fi;
        if
        :: put(n, response, SRC_SERVER, GUESSED, 0, 0, 1)
        :: put(n, response, SRC_OTHER, 0, 0, 0, 1)
        :: put(n, response, SRC_OTHER, 1, 0, 0, 1)
        fi;
        if
        :: net[n].id = 0
        :: net[n].id = 1
        fi;
        if
        :: net[n].name = 0
        :: net[n].name = 1
        fi;
        n = 0 }
    od
}
