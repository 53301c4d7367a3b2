package dev.freshet.gateway.routing.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Files that are wrong in ways that nobody thought of. */
class MutatedRoutesTest {

  private static final int FILES = 1_000;

  private static final String VALID =
      """
      version: 1
      primary: "postgresql://ada@127.0.0.1:5432/shop"
      sync: [ "http://127.0.0.1:8110" ]
      jwt: { issuer: "https://login.example", audience: [ shop ], algorithms: [ RS256 ] }
      routes:
        - id: orders
          path: /orders/**
          read: { pool: readers, consistency: session, allow: [eventual, bounded, session, strong], wait: 100ms, otherwise: primary, hedge: { after: 80ms } }
          write: { pool: writers }
          session: { by: header }
          access: public
          filters:
            - AddRequestHeader=X-From, gateway
            - { name: StripPrefix, args: { parts: 1 } }
        - { id: graphql, path: /graphql, intent: graphql, persisted: { board: read }, read: { pool: readers, mirror: { pool: readers, percent: 5 } } }
        - id: search
          path: /search/{kind}
          methods: { POST: read }
          access: { read: [ "menu:read" ] }
          read: { pool: readers, consistency: bounded;max-staleness=2 }
      pools:
        writers:
          instances: [ { id: write-1, url: "http://127.0.0.1:8090" } ]
        readers:
          instances:
            - { id: read-1, url: "http://127.0.0.1:8204", kind: read-database, limit: adaptive }
            - { id: legacy-1, url: "http://127.0.0.1:9000", kind: replica, position: { jdbc: "jdbc:postgresql://one/shop" } }
      """;

  private static final List<String> SPLINTERS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ":",
          ": ",
          "- ",
          "#{1}",
          "${",
          "${X}",
          "\t",
          "\"",
          "'",
          "&a",
          "*a",
          "null",
          "true",
          "-1",
          "1e9",
          "1e95",
          ".0",
          ".5e-300",
          "99999999999999999999",
          "!!int",
          "|\n",
          "\u0000",
          "\u2028",
          "*",
          "/**",
          "{*",
          "%",
          "http:",
          "::",
          "\n",
          "? ",
          "<<: ",
          "---\n",
          "..",
          "Infinity");

  private static final Surroundings SURROUNDINGS = TestSurroundings.onLoopback(Map.of());

  @Test
  void everyMutationIsValidOrRefusedWithAPlaceAndInWords() {
    long seed = Long.getLong("freshet.test.seed", System.nanoTime());
    Random random = new Random(seed);
    RoutesFile.read(VALID, SURROUNDINGS);
    List<String> wrong = new ArrayList<>();
    int refused = 0;
    for (int i = 0; i < FILES; i++) {
      String text = VALID;
      for (int mutations = 1 + random.nextInt(3); mutations > 0; mutations--) {
        text = mutated(text, random);
      }
      try {
        RoutesFile.read(text, SURROUNDINGS);
      } catch (FileInvalid invalid) {
        refused++;
        long lines = text.lines().count();
        for (FileProblem problem : invalid.problems()) {
          if (problem.line() < 1 || problem.line() > lines + 1 || problem.column() < 1) {
            wrong.add("%s is no place in%n%s".formatted(problem, text));
          }
          if (problem.message().matches("(?s).*(Exception|java\\.|org\\.|\\$defs).*")) {
            wrong.add("%s is an exception's text, for%n%s".formatted(problem, text));
          }
        }
        if (invalid.problems().isEmpty()) {
          wrong.add("nothing is said of%n%s".formatted(text));
        }
      } catch (RuntimeException | StackOverflowError e) {
        wrong.add("%s for%n%s".formatted(e, text));
      }
    }
    assertThat(wrong).as("with -Dfreshet.test.seed=%d", seed).isEmpty();
    assertThat(refused).isGreaterThan(FILES / 2);
  }

  private static String mutated(String text, Random random) {
    int at = random.nextInt(text.length());
    int end = Math.min(text.length(), at + 1 + random.nextInt(8));
    List<String> lines = text.lines().toList();
    return switch (random.nextInt(6)) {
      case 0 -> text.substring(0, at) + text.substring(end);
      case 1 ->
          text.substring(0, at)
              + SPLINTERS.get(random.nextInt(SPLINTERS.size()))
              + text.substring(at);
      case 2 ->
          text.substring(0, at)
              + SPLINTERS.get(random.nextInt(SPLINTERS.size()))
              + text.substring(end);
      case 3 -> text.substring(0, at) + (char) ('a' + random.nextInt(26)) + text.substring(at + 1);
      case 4 -> {
        List<String> fewer = new ArrayList<>(lines);
        fewer.remove(random.nextInt(fewer.size()));
        yield String.join("\n", fewer) + "\n";
      }
      default -> {
        List<String> more = new ArrayList<>(lines);
        more.add(random.nextInt(more.size()), more.get(random.nextInt(more.size())));
        yield String.join("\n", more) + "\n";
      }
    };
  }
}
