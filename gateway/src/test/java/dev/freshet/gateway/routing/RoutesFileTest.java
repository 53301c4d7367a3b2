package dev.freshet.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  private static final RoutesFile FILE =
      new RoutesFile(name -> name.equals("HOST") ? "db.example" : null, Map.of());

  @Test
  void everythingTheFileSaysIsTaken() {
    Routes routes = FILE.read(VALID);
    Route orders = routes.match(PathContainer.parsePath("/orders/1")).orElseThrow();
    assertThat(orders.read())
        .isEqualTo(
            new Route.Read(
                "readers",
                Consistency.of(Level.SESSION),
                Set.of(Level.EVENTUAL, Level.BOUNDED, Level.SESSION),
                Duration.ofMillis(250),
                Otherwise.STALE));
    assertThat(orders.intent("GET")).isEqualTo(Intent.READ);
    assertThat(orders.intent("QUERY")).isEqualTo(Intent.READ);
    assertThat(orders.intent("PATCH")).isEqualTo(Intent.WRITE);
    Route search = routes.match(PathContainer.parsePath("/search")).orElseThrow();
    assertThat(search.intent("POST")).isEqualTo(Intent.READ);
    assertThat(search.allow()).containsExactly("GET", "HEAD", "OPTIONS", "POST", "QUERY");
    assertThat(routes.match(PathContainer.parsePath("/searches"))).isEmpty();
    assertThat(routes.pools().get("readers"))
        .containsExactly(
            new InstanceSpec(
                "replica-1", URI.create("http://db.example:8201"), SourceKind.REPLICA, null));
    assertThat(routes.primary()).isNull();
    assertThat(orders.sessionBy()).isEqualTo(SessionBy.HEADER);
  }

  @Test
  void positionsOfBackendsThatKnowNothingOfThemAreAskedOfTheirDatabases() {
    Routes routes =
        FILE.read(
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
    Route all = routes.match(PathContainer.parsePath("/x")).orElseThrow();
    assertThat(all.read())
        .extracting(Route.Read::consistency)
        .isEqualTo(new Consistency(Level.BOUNDED, Duration.ofMillis(2_500)));
    assertThat(all.sessionBy()).isEqualTo(SessionBy.COOKIE);
    assertThat(routes.toString() + routes.pools()).doesNotContain("secret");
  }

  @Test
  void poolsMayBeGivenInstead() {
    InstanceSpec given =
        new InstanceSpec("w", URI.create("http://127.0.0.1:1"), SourceKind.PRIMARY, null);
    Routes routes =
        new RoutesFile(name -> null, Map.of("writers", List.of(given)))
            .read(
                """
                version: 1
                routes:
                  - { id: all, path: /**, write: { pool: writers } }
                """);
    assertThat(routes.pools().get("writers")).containsExactly(given);
  }

  @Test
  void routeThatDoesNotSayWhoMayUseItIsRefusedBeyondLoopback() throws Exception {
    Routes routes = FILE.read(VALID);
    assertThat(routes.fitFor(InetAddress.getLoopbackAddress())).isSameAs(routes);
    assertThatThrownBy(() -> routes.fitFor(InetAddress.ofLiteral("10.0.0.1")))
        .hasMessageContaining("the routes search don't say who may use them");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "version: 1|version: 2|version must be 1",
        "path: /search|pth: /search|routes[1].pth is not a key here",
        "id: search|id: orders|routes[1].id is the id of another route",
        "id: search|id: 'a b'|routes[1].id is 'a b'",
        "wait: 250ms|wait: soon|routes[0].read.wait is 'soon'",
        "otherwise: stale|otherwise: whatever|there are fail, primary, stale",
        "consistency: session|consistency: sesion|'sesion' is not a consistency level",
        "consistency: session|consistency: bounded|must say how far",
        "consistency: session|consistency: strong;max-staleness=1|max-staleness belongs to bounded",
        "access: public|session: { by: letter }|there are cookie, header",
        "access: public|session: cookie|must hold keys",
        "sync: [ \"http://127.0.0.1:8110\" ]|primary: nowhere|Not a PostgreSQL URL",
        "POST: read|POST: reads|routes[1].methods.POST is 'reads'",
        "write: { pool: writers }|write: { pool: writer }|which is no pool; the pools are readers, writers",
        "kind: replica|kind: replikca|'replikca' is not a kind of source",
        "${HOST}|${NOWHERE}|the environment variable NOWHERE",
        "${HOST}|#{1+1}|which is not evaluated",
        "http://${HOST}:8201|ftp://x|is 'ftp://x'; write http://HOST:PORT",
        "path: /search|path: '/{a'|routes[1].path",
        "access: public|access: secret|must be public",
        "sync: [ \"http://127.0.0.1:8110\" ]|sync: 5|sync must be a list",
        "version: 1|version: [|it is not YAML",
      })
  void mistakeIsNamedWithItsPlace(String valid, String mistaken, String told) {
    assertThat(VALID).contains(valid);
    assertThatThrownBy(() -> FILE.read(VALID.replace(valid, mistaken)))
        .isInstanceOf(RoutesInvalid.class)
        .hasMessageStartingWith("routes.yaml")
        .hasMessageContaining(told);
  }
}
