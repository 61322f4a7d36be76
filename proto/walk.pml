/*
 * The ends of a walk (protocol.md, 8.11 and 8.19 to 8.23) as a model for Spin. Two client queries
 * reach a local server at once: one for a name in domain 1, one for a name in domain 2. Both domains
 * lie below domain 0, the top, whose server the local server knows. The name server of domain 1 is a
 * name in domain 2 and the other way round, so each half of the circle needs the other's address,
 * which the top has as glue, or has not.
 *
 * A query's way is a stack of names: its own, then the name server whose address it lacks, then that
 * one's. Between any two of its steps the other query may do what it likes. A fetch (name, domain
 * asked) is shared. Servers answer, miss, fail or refer; a learnt record may run out at any time.
 *
 * Shown, for all orders of events: no stack is higher than NIB-8.21 allows; no query spends more
 * datagrams than BUDGET, although nothing here counts them; every query ends (one that waits for ever is
 * an invalid end state). With HONEST, where servers have glue and only answer or refer, and nothing
 * runs out, each query finds its answer.
 *
 * The rules are the protocol's own unless one of these is defined, each of which weakens them:
 *
 *     SHARED_LOOKUPS   a lookup of a name server's address is shared, and not only its fetches
 *     NOT_PASSED_OVER  such a lookup may ask the domain that it is to serve (against NIB-8.20)
 *     ROUNDS           the domain above is asked again and again (against NIB-8.23)
 *
 * WITNESS claims that no query needs a lookup inside a lookup, to see that the search gets there.
 */
#define QUERIES 2
#define DOMAINS 3
#define NAMES 5 /* 1 and 2: a host in that domain; 3 and 4: the name server of domain 1, of 2 */
#define SERVER_OF(domain) ((domain) + 2)
#define SERVED_BY(name) ((name) - 2)
#define DOMAIN_OF(name) ((name) <= 2 -> (name) : 5 - (name))
#define DEPTH 3 /* a name, and two lookups inside each other */
#ifndef BUDGET
#define BUDGET 8
#endif
#ifndef LAPSES
#define LAPSES 1 /* learnt records that run out early */
#endif

mtype = { waiting, answer, nothing, referral };

bool glue[DOMAINS], learnt[DOMAINS], address[DOMAINS];
byte looked_up[DOMAINS]; /* by how many queries at the moment */
bool under_way[15];      /* the fetch of a name from a domain: name * DOMAINS + domain */
byte awaited[QUERIES];   /* the fetch that a query waits on; 0: none */
mtype came[QUERIES];
byte ended;

/* Domain D is passed over for the topmost name: its server's address is being looked up, or it
 * failed this name once (NIB-8.20, NIB-8.23). */
#ifdef NOT_PASSED_OVER
#define PASSED_OVER(D) above[height - 1]
#else
#define PASSED_OVER(D) (above[height - 1] || name[0] == SERVER_OF(D) || \
                        (height > 1 && name[1] == SERVER_OF(D)) || \
                        (height > 2 && name[2] == SERVER_OF(D)))
#endif

/* The topmost name got nothing from DOMAIN. */
inline fail()
{
    do
    :: domain != 0 && !above[height - 1] ->
#ifndef ROUNDS
        above[height - 1] = true;
#else
        learnt[domain] = false;
#endif
        break
    :: else ->
        height--;
        if
        :: height == 0 -> break
        :: else ->
            looked_up[SERVED_BY(name[height])]--;
            domain = SERVED_BY(name[height]);
            name[height] = 0
        fi
    od
}

inline succeed()
{
    height--;
    if
    :: height == 0 -> found = true
    :: else ->
        looked_up[SERVED_BY(name[height])]--;
        address[SERVED_BY(name[height])] = true;
        name[height] = 0
    fi
}

proctype query(byte me)
{
    byte name[DEPTH];
    bool above[DEPTH];
    byte height = 1, spent, domain;
    bool found;
    name[0] = me + 1;
    do
    :: height == 0 -> break
    :: else ->
        atomic {
            domain = DOMAIN_OF(name[height - 1]);
            if
            :: !learnt[domain] || PASSED_OVER(domain) -> domain = 0
            :: else
            fi;
            if
            :: domain != 0 && !address[domain] ->
                if
                :: height == DEPTH -> fail()
#ifdef SHARED_LOOKUPS
                :: height < DEPTH && looked_up[domain] > 0 ->
                    looked_up[domain] == 0 /* wait for the other query's lookup */
#endif
                :: else ->
                    looked_up[domain]++;
                    name[height] = SERVER_OF(domain);
                    above[height] = false;
                    height++;
#ifdef WITNESS
                    assert(height < DEPTH)
#endif
                fi;
                domain = 255
            :: else
            fi
        }
        if
        :: domain == 255
        :: else ->
            atomic {
                spent++;
                assert(spent <= BUDGET);
                came[me] = waiting;
                awaited[me] = name[height - 1] * DOMAINS + domain;
                under_way[awaited[me]] = true
            }
            atomic {
                came[me] != waiting;
                if
                :: came[me] == answer -> succeed()
                :: came[me] == nothing -> fail()
                :: came[me] == referral && PASSED_OVER(DOMAIN_OF(name[height - 1])) -> fail()
                :: came[me] == referral && !PASSED_OVER(DOMAIN_OF(name[height - 1])) ->
                    learnt[DOMAIN_OF(name[height - 1])] = true
                fi
            }
        fi
    od;
#ifdef HONEST
    assert(found);
#endif
    ended++
}

/* Servers, and time. */
proctype world()
{
    byte i, lapses;
    mtype said;
end:
    do
    :: atomic {
            if /* names 1, 2 (3 to 8) and 3, 4 (9 to 14), each at the top or in its own domain */
            :: under_way[3] -> i = 3
            :: under_way[4] -> i = 4
            :: under_way[6] -> i = 6
            :: under_way[8] -> i = 8
            :: under_way[9] -> i = 9
            :: under_way[11] -> i = 11
            :: under_way[12] -> i = 12
            :: under_way[13] -> i = 13
            fi;
            under_way[i] = false;
            if
            :: i % DOMAINS != 0 -> said = answer
            :: i % DOMAINS == 0 && i / DOMAINS > 2 && glue[SERVED_BY(i / DOMAINS)] -> said = answer
            :: i % DOMAINS == 0 && !(i / DOMAINS > 2 && glue[SERVED_BY(i / DOMAINS)]) ->
                said = referral
#ifndef HONEST
            :: said = nothing /* a miss, a failure, silence, a referral that leads up */
#endif
            fi;
            if
            :: awaited[0] == i -> awaited[0] = 0; came[0] = said
            :: else
            fi;
            if
            :: awaited[1] == i -> awaited[1] = 0; came[1] = said
            :: else
            fi;
            said = 0;
            i = 0
        }
#ifndef HONEST
    :: atomic { lapses < LAPSES && learnt[1] -> lapses++; learnt[1] = false }
    :: atomic { lapses < LAPSES && address[1] -> lapses++; address[1] = false }
#endif
    od
}

init
{
    atomic {
        if
        :: glue[1] = true
#ifndef HONEST
        :: glue[1] = false
#endif
        fi;
        if
        :: glue[2] = true
#ifndef HONEST
        :: glue[2] = false
#endif
        fi;
        run query(0);
        run query(1);
        run world()
    }
}
