package dev.freshet.gateway.routing.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.routing.Decision;
import dev.freshet.gateway.routing.Routes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spellings of a path that fall from a route with access rules to one below it. */
class NeighboursTest {

  private static Routes routes(String upper, String lower) {
    return RoutesFile.read(
        """
        version: 1
        jwt: { issuer: "https://login.example", audience: [ shop ] }
        routes:
          - { id: upper, read: { pool: one }, %s }
          - { id: lower, read: { pool: one }, %s }
        pools: { one: { instances: [ { id: one, url: "http://127.0.0.1:1" } ] } }
        """
            .formatted(upper, lower),
        TestSurroundings.onLoopback(Map.of()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "path: /exact, access: { read: [] }|path: /**|/exact/|refused",
        "path: /exact, access: { read: [] }|path: /**|/exact|upper",
        "path: /exact, access: { read: [] }|path: /**|/other|lower",
        "path: /exact/, access: { read: [] }|path: /**|/exact|refused",
        "path: /Exact, access: { read: [] }|path: /**|/exact|refused",
        "path: /exact, access: { read: [] }|path: /exact/|/exact/|lower",
        "path: /exact, access: { read: [] }|path: /exact/|/exact/;x|refused",
        "path: '/a/{id}', access: { read: [] }|path: /**|/A/7|refused",
        "path: '/a/{id}', access: { read: [] }|path: /**|/a/7/|refused",
        "path: '/a/{id:\\d+}', access: { read: [] }|path: /**|/A/7|refused",
        "path: '/a/{id:\\d+}', access: { read: [] }|path: /**|/A/b|lower",
        "path: /a/**, access: { read: [] }|path: /**|/A/b/c|refused",
        "path: /a/**, access: { read: [] }|path: /**|/a%3bx/b|refused",
        "path: /exact, access: { read: [ chef ] }|path: /**, access: { read: [] }|/exact/|refused",
        "path: /exact, access: { read: [] }|path: /**, access: { read: [] }|/exact/|lower",
        "path: /exact, hosts: [ a.example ], access: { read: [] }|path: /**|/exact/|lower",
        "path: /exact, hosts: [ h.example ], access: { read: [] }|path: /**|/exact/|refused",
        "path: /exact|path: /**|/exact/|lower",
        "path: /exact|path: /**, access: { read: [] }|/exact/|lower",
      })
  void areRefusedWhereTheyWouldMeetOtherRules(
      String upper, String lower, String path, String expected) {
    Decision decision =
        Decision.of(
            routes(upper, lower),
            "GET",
            path,
            name -> name.equals("Host") ? List.of("h.example") : List.of());
    assertThat(
            switch (decision) {
              case Decision.Taken taken -> taken.route().id();
              case Decision.Unrouted refused -> "refused";
              default -> decision.toString();
            })
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "path: /exact, access: { read: [] }|path: /**|true",
        "path: '/a/{id}', access: { read: [] }|path: /**|true",
        "path: /exact, hosts: [ '*.h.example' ], headers: { X-A: b }, access: { read: [] }|path: /**|true",
        "path: /exact, access: { read: [] }|path: /**, access: { read: [] }|false",
        "path: /exact, access: { read: [] }|path: /other/**|false",
        "path: /exact/**, access: { read: [] }|path: /**|false",
        "path: '/a/{*rest}', access: { read: [] }|path: /**|false",
        "path: /exact|path: /**|false",
      })
  void checkNotesAnOpenRouteBehindOneThatIsNot(String upper, String lower, boolean isNoted) {
    List<String> notes =
        routes(upper, lower).notes().stream().filter(note -> note.contains("token")).toList();
    assertThat(notes).hasSize(isNoted ? 1 : 0);
    if (isNoted) {
      assertThat(notes.getFirst())
          .contains(
              "Route upper asks for a token",
              "route lower, which is open to everybody",
              "/x",
              "400");
    }
  }
}
