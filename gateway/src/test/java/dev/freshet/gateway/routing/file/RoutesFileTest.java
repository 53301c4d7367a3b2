package dev.freshet.gateway.routing.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.gateway.pool.Endpoint;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Limit;
import dev.freshet.gateway.pool.Panic;
import dev.freshet.gateway.routing.Consistency;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Otherwise;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.gateway.routing.SessionBy;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.server.PathContainer;

class RoutesFileTest {

  private static final String VALID =
      """
      version: 1
      sync: [ "http://127.0.0.1:8110" ]
      routes:
        - id: orders
          path: /orders/**
          read: { pool: readers, consistency: session, wait: 250ms, otherwise: stale }
          write: { pool: writers }
          access: public
        - id: search
          path: /search
          methods: { POST: read }
          read: { pool: readers }
      pools:
        writers:
          instances: [ { id: write-1, url: "http://127.0.0.1:8090" } ]
        readers:
          instances:
            - { id: replica-1, url: "http://${HOST}:8201", kind: replica }
      """;

  @Test
  void eventsNeedAccessThatIsSaidAndAReadDatabase() {
    String events =
        VALID
            .replace("path: /search", "path: /search\n    # access")
            .replace("read: { pool: readers }", "read: { pool: readers, events: true }");
    assertThatThrownBy(() -> read(events))
        .hasMessageContaining("this route does not say who may read them; add access")
        .hasMessageContaining("only read databases have events, and this pool has none");
    Routes routes =
        read(
            events
                .replace("# access", "access: public")
                .replace("kind: replica", "kind: read-database"));
    assertThat(routes.match(PathContainer.parsePath("/search"), name -> List.of()))
        .get()
        .returns(true, Route::tellsEvents);
  }

  private static Routes read(String text) {
    return RoutesFile.read(text, TestSurroundings.onLoopback(Map.of()));
  }

  @Test
  void everythingTheFileSaysIsTaken() {
    Routes routes = read(VALID);
    Route orders =
        routes.match(PathContainer.parsePath("/orders/1"), name -> List.of()).orElseThrow();
    assertThat(orders.read())
        .isEqualTo(
            new Route.Read(
                "readers",
                Consistency.of(Level.SESSION),
                Set.of(Level.EVENTUAL, Level.BOUNDED, Level.SESSION),
                Duration.ofMillis(250),
                Otherwise.STALE,
                Duration.ofSeconds(10),
                null,
                null,
                false));
    assertThat(orders.intent("GET")).isEqualTo(Intent.READ);
    assertThat(orders.intent("QUERY")).isEqualTo(Intent.READ);
    assertThat(orders.intent("PATCH")).isEqualTo(Intent.WRITE);
    Route search =
        routes.match(PathContainer.parsePath("/search"), name -> List.of()).orElseThrow();
    assertThat(search.intent("POST")).isEqualTo(Intent.READ);
    assertThat(search.allow()).containsExactly("GET", "HEAD", "OPTIONS", "POST", "QUERY");
    assertThat(routes.match(PathContainer.parsePath("/searches"), name -> List.of())).isEmpty();
    assertThat(routes.pools().get("readers"))
        .containsExactly(
            new InstanceSpec(
                "replica-1",
                Endpoint.of(URI.create("http://db.example:8201")),
                SourceKind.REPLICA,
                null,
                100,
                Limit.NONE));
    assertThat(routes.primary()).isNull();
    assertThat(orders.sessionBy()).isEqualTo(SessionBy.HEADER);
  }

  @Test
  void positionsOfBackendsThatKnowNothingOfThemAreAskedOfTheirDatabases() {
    Routes routes =
        read(
            """
            version: 1
            primary: "postgresql://ada:secret@one,two/shop"
            routes:
              - id: all
                path: /**
                read: { pool: old, consistency: bounded;max-staleness=2.5 }
                session: { by: cookie }
            pools:
              old:
                instances:
                  - { id: legacy-1, url: "http://127.0.0.1:9000", kind: replica, position: { jdbc: "jdbc:postgresql://one/shop" } }
            """);
    assertThat(routes.primary())
        .isEqualTo(PostgresUrl.parse("postgresql://ada:secret@one,two/shop"));
    assertThat(Objects.requireNonNull(routes.pools().get("old")).getFirst().position())
        .isEqualTo(PostgresUrl.parse("jdbc:postgresql://one/shop"));
    Route all = routes.match(PathContainer.parsePath("/x"), name -> List.of()).orElseThrow();
    assertThat(all.read())
        .extracting(Route.Read::consistency)
        .isEqualTo(new Consistency(Level.BOUNDED, Duration.ofMillis(2_500)));
    assertThat(all.sessionBy()).isEqualTo(SessionBy.COOKIE);
    assertThat(routes.toString() + routes.pools()).doesNotContain("secret");
  }

  @Test
  void routesMayAskForHostsAndHeaders() {
    Routes routes =
        read(
            VALID
                .replace("path: /orders/**", "path: /orders/**\n    hosts: [ Shop.example ]")
                .replace("path: /search", "path: /orders/**\n    headers: { X-Tenant: acme }"));
    PathContainer path = PathContainer.parsePath("/orders/1");
    assertThat(
            routes.match(
                path, name -> name.equals("Host") ? List.of("shop.example:80") : List.of()))
        .map(Route::id)
        .contains("orders");
    assertThat(routes.match(path, name -> name.equals("X-Tenant") ? List.of("acme") : List.of()))
        .map(Route::id)
        .contains("search");
    assertThat(routes.match(path, name -> List.of())).isEmpty();
  }

  @Test
  void limitsAndHedgesAreTaken() {
    Routes routes =
        read(
            VALID
                .replace("otherwise: stale", "hedge: { after: 50ms }")
                .replace("id: write-1,", "id: write-1, limit: 7,")
                .replace("id: replica-1,", "id: replica-1, limit: adaptive,"));
    assertThat(routes.all().getFirst().read())
        .extracting(Route.Read::hedgeAfter)
        .isEqualTo(Duration.ofMillis(50));
    assertThat(routes.pools().values())
        .flatMap(pool -> pool)
        .extracting(InstanceSpec::limit)
        .containsExactlyInAnyOrder(new Limit.Fixed(7), Limit.ADAPTIVE);
  }

  @Test
  void poolsMayBeGivenInstead() {
    InstanceSpec given =
        new InstanceSpec(
            "w",
            Endpoint.of(URI.create("http://127.0.0.1:1")),
            SourceKind.PRIMARY,
            null,
            100,
            Limit.NONE);
    Routes routes =
        RoutesFile.read(
            """
            version: 1
            routes:
              - { id: all, path: /**, write: { pool: writers } }
            """,
            TestSurroundings.onLoopback(Map.of("writers", List.of(given))));
    assertThat(routes.pools().get("writers")).containsExactly(given);
  }

  @Test
  void routeThatDoesNotSayWhoMayUseItIsRefusedBeyondLoopback() throws Exception {
    InetAddress beyond = InetAddress.ofLiteral("10.0.0.1");
    assertThatThrownBy(() -> RoutesFile.read(VALID, TestSurroundings.listeningOn(beyond, Map.of())))
        .hasMessageContaining("line 9, column 5")
        .hasMessageContaining("does not say who may use it");
    assertThat(
            RoutesFile.read(
                    VALID.replace("path: /search", "path: /search\n    access: public"),
                    TestSurroundings.listeningOn(beyond, Map.of()))
                .all())
        .hasSize(2);
    assertThat(
            RoutesFile.read(
                    VALID,
                    new Surroundings(
                        Path.of("."),
                        name -> "db.example",
                        Map.of(),
                        TestSurroundings.FILTERS,
                        new Surroundings.Exposure(beyond, true)))
                .all())
        .as("insecure")
        .hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "version: 1|version: 2|line 1, column 10: version must be 1",
        "path: /search|pth: /search|line 10, column 5: 'pth' is not a key here; did you mean path?",
        "path: /search|pth: /search|line 9, column 5: 'path' is missing here",
        "id: search|id: orders|line 9, column 9: 'orders' is the id of another route",
        "id: search|id: 'a b'|line 9, column 9: id is 'a b'; an id begins with a letter",
        "wait: 250ms|wait: soon|line 6, column 56: wait is 'soon'; write a duration such as 100ms",
        "wait: 250ms|wait: -5s|wait is '-5s'; write a duration such as 100ms",
        "otherwise: stale|otherwise: stal|otherwise is 'stal'; did you mean stale?",
        "otherwise: stale|otherwise: whatever|there are fail, primary, stale",
        "consistency: session|consistency: sesion|'sesion' is not a consistency level",
        "consistency: session|consistency: bounded|bounded must say how far",
        "consistency: session|consistency: strong;max-staleness=1|max-staleness belongs to bounded",
        "consistency: session|allow: [ sesion ]|allow is 'sesion'; did you mean session?",
        "access: public|session: { by: letter }|by is 'letter'; there are cookie, header",
        "access: public|session: cookie|session must be keys and values",
        "sync: [ \"http://127.0.0.1:8110\" ]|primary: nowhere|primary is 'nowhere'; write postgresql://",
        "sync: [ \"http://127.0.0.1:8110\" ]|primary: 'postgresql:'|line 2, column 10",
        "POST: read|POST: reads|line 11, column 22: POST is 'reads'; did you mean read?",
        "POST: read|TRACE: read|TRACE and CONNECT are never forwarded",
        "write: { pool: writers }|write: { pool: writer }|line 7, column 20: there is no pool 'writer'; did you mean writers?",
        "write: { pool: writers }|write: { pool: readers }|replica-1 in it stands on a replica, which takes none",
        "write: { pool: writers }|write: { pool: writers, pool: readers }|line 7, column 29: 'pool' is there twice",
        "kind: replica|kind: replikca|kind is 'replikca'; did you mean replica?",
        "kind: replica|kind: replica, position: {}|'jdbc' is missing here",
        "${HOST}|${NOWHERE}|line 18, column 31: the environment variable NOWHERE is not set",
        "${HOST}|${no such}|'${no such}' is no variable",
        "${HOST}|#{1+1}|is not evaluated",
        "http://${HOST}:8201|ftp://x|url is 'ftp://x'; write http://HOST:PORT",
        "http://${HOST}:8201|http://x:99999|this is no URL of a host",
        "id: replica-1|id: write-1|'write-1' is the id of another instance",
        "path: /search|path: '/{a'|line 10, column 11: this is no path pattern",
        "path: /search|path: search|path is 'search'; a path begins with '/'",
        "path: /search|path: /orders/new|line 10, column 11: route search is never reached: orders, above it",
        "path: /search|path: /orders/new~hosts: [ 'a:80' ]|line 11, column 14: hosts is 'a:80'; write a name without a port",
        "path: /search|path: /search~headers: { 'X Y': a }|'X Y' can't stand here; this is no name of a header",
        "read: { pool: readers }|access: public|line 9, column 5: this needs read or write",
        "access: public|access: secret|access is 'secret'; write public, or { read: [SCOPE, …], write: [SCOPE, …] }",
        "access: public|access: { read: [], write: [] }|line 8, column 13: tokens are asked for here, and the file does not say whose; add jwt",
        "access: public|access: { read: [ 'a b' ], write: [] }|read is 'a b'; a scope is a word such as orders:write",
        "access: public|access: { read: [] }|this does not say who may write; add write with the scopes",
        "access: public|access: { reed: [] }|'reed' is not a key here; did you mean read?",
        "version: 1|version: 1^jwt: { issuer: 'https://a.example' }|'audience' is missing here",
        "version: 1|version: 1^jwt: { issuer: 'https://a.example', audience: [] }|audience is empty; name an audience",
        "version: 1|version: 1^jwt: { issuer: 'http://a.example', audience: [a] }|line 2, column 16: keys are fetched from here, so this must be a URL with https",
        "version: 1|version: 1^jwt: { issuer: 'x://a.example', audience: [a], keys: 'https://a.example' }|issuer is 'x://a.example'; write the issuer's URL",
        "version: 1|version: 1^jwt: { issuer: 'https://a.example', audience: [a], keys: 'https:' }|must be a URL with https",
        "version: 1|version: 1^jwt: { issuer: 'https://a.example', audience: [a], algorithms: [HS256] }|algorithms is 'HS256'; did you mean",
        "access: public|filters: [ 'SetRequestUri=http://x' ]|line 8, column 16: there is no filter 'SetRequestUri'",
        "access: public|filters: [ StripPrefx=1 ]|line 8, column 16: there is no filter 'StripPrefx'; did you mean StripPrefix?",
        "access: public|filters: [ StripPrefix ]|the arguments of filter StripPrefix don't fit",
        "access: public|filters: [ { name: 7 } ]|name must be a text",
        "access: public|filters: [ 7 ]|filters must be a text or keys and values; write NAME=ARGUMENT",
        "sync: [ \"http://127.0.0.1:8110\" ]|sync: 5|sync must be a list",
        "write: { pool: writers }|wrte: { pool: writers }|'wrte' is not a key here; did you mean write?",
        "access: public|intent: grpahql|intent is 'grpahql'; did you mean graphql?",
        "access: public|persisted: { a: read }|line 8, column 16: persisted belongs to GraphQL; add intent: graphql",
        "access: public|websocket: yes please|websocket must be true or false",
        "access: public|websocket: true~filters: [ StripPrefix=1 ]|line 8, column 16: a route on which WebSockets pass takes no filters",
        "id: replica-1|weight: 1001, id: replica-1|weight is '1001'; write a number from 0 to 1000",
        "id: replica-1|weight: half, id: replica-1|weight must be a whole number",
        "id: replica-1|limit: 0, id: replica-1|limit is '0'; write a number from 1 to 100000, or adaptive",
        "id: replica-1|limit: adaptiv, id: replica-1|limit is 'adaptiv'; write a number from 1 to 100000, or adaptive",
        "id: replica-1|limit: true, id: replica-1|limit must be a whole number or a text; write a number from 1",
        "otherwise: stale|hedge: { after: soon }|after is 'soon'; write a duration such as 100ms",
        "otherwise: stale|hedge: { after: 0ms }|line 6, column 79: without a delay each read would be sent twice",
        "otherwise: stale|hedge: 50ms|hedge must be keys and values",
        "otherwise: stale|events: true, hedge: { after: 10ms }|events are followed at one instance; leave out hedge",
        "otherwise: stale|events: maybe|events must be true or false",
        "otherwise: stale|mirror: { pool: readrs }|there is no pool 'readrs'; did you mean readers?",
        "otherwise: stale|mirror: { pool: readers, percent: 0 }|percent is '0'; write a number from 1 to 100",
        "otherwise: stale|mirror: { pool: readers, percent: 1e95 }|percent must be a whole number; write a number from 1 to 100",
        "otherwise: stale|mirror: { pool: readers, percent: 99999999999999999999 }|percent must be a whole number; write a number from 1 to 100",
        "otherwise: stale|mirror: { pool: readers, percent: 0.5 }|percent must be a whole number; write a number from 1 to 100",
        "otherwise: stale|max-staleness: old|max-staleness is 'old'; write a duration such as 10s, or none",
        "otherwise: stale|max-staleness: -1s|max-staleness is '-1s'; write a duration such as 10s, or none",
        "otherwise: stale|max-staleness: 99999999999999999999s|line 6, column 78: this is no duration",
        "instances: [ { id: write-1|panic: half~instances: [ { id: write-1|panic is 'half'; write a share such as 50%, or none",
        "instances: [ { id: write-1|panic: 101%~instances: [ { id: write-1|panic is '101%'; write a share such as 50%, or none",
        "instances: [ { id: write-1|panic: 50~instances: [ { id: write-1|panic must be a text; write a share such as 50%, or none",
        "version: 1|version: [|it is not YAML",
      })
  void mistakeIsNamedWithItsPlaceAndWhatWasMeant(String valid, String mistaken, String told) {
    assertThat(VALID).contains(valid);
    assertThatThrownBy(
            () -> read(VALID.replace(valid, mistaken.replace("~", "\n    ").replace('^', '\n'))))
        .isInstanceOf(FileInvalid.class)
        .hasMessageStartingWith("routes.yaml, line ")
        .hasMessageContaining(told);
  }

  @Test
  void boundsOfStalenessAndPanicMayBeLeftOutOrTakenAway() {
    assertThat(read(VALID).panics()).isEmpty();
    Routes routes =
        read(
            VALID
                .replace("otherwise: stale", "max-staleness: none")
                .replace("  readers:", "  readers:\n    panic: 20%")
                .replace("  writers:", "  writers:\n    panic: none"));
    assertThat(routes.panics())
        .containsOnly(Map.entry("readers", new Panic(20)), Map.entry("writers", Panic.NONE));
    assertThat(Objects.requireNonNull(routes.all().getFirst().read()).maxStaleness()).isNull();
    assertThat(Objects.requireNonNull(routes.all().getLast().read()).maxStaleness())
        .isEqualTo(Duration.ofSeconds(10));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10", "10.0", "1e1", "1.0E+1"})
  void wholeNumberMayBeWrittenInAnyWay(String ten) {
    String text = VALID.replace("id: replica-1", "id: replica-1, weight: " + ten);
    assertThat(read(text).pools().get("readers"))
        .singleElement()
        .extracting(InstanceSpec::weight)
        .isEqualTo(10);
  }

  @Test
  void allThatIsWrongIsSaidAtOnceInTheFilesOrder() {
    String text =
        VALID
            .replace("pool: writers", "pool: writer")
            .replace("path: /search", "path: /orders/**")
            .replace("id: replica-1", "id: write-1");
    assertThatThrownBy(() -> read(text))
        .isInstanceOfSatisfying(
            FileInvalid.class,
            invalid ->
                assertThat(invalid.problems())
                    .extracting(FileProblem::line)
                    .containsExactly(7, 10, 18));
  }

  @Test
  void whatAVariableStandsForIsNotRepeated() {
    String text = VALID.replace("kind: replica", "kind: \"${HOST}\"");
    assertThatThrownBy(() -> read(text))
        .hasMessageContaining("kind is '${HOST}'")
        .message()
        .doesNotContain("db.example");
  }

  @Test
  void fileThatStandsForFarMoreThanItSaysIsRefused() {
    StringBuilder bomb = new StringBuilder("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c < 'i'; c++) {
      bomb.append("%1$c: &%1$c [*%2$c,*%2$c,*%2$c,*%2$c,*%2$c]\n".formatted(c, c - 1));
    }
    assertThatThrownBy(() -> read(bomb.toString())).isInstanceOf(FileInvalid.class);
    assertThatThrownBy(() -> read("a: &a { b: *a }")).isInstanceOf(FileInvalid.class);
    assertThatThrownBy(() -> read("")).hasMessageContaining("the file is empty");
    assertThatThrownBy(() -> read("[".repeat(3_000))).isInstanceOf(FileInvalid.class);
  }
}
