package dev.freshet.gateway.routing.file;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.file.Section;
import dev.freshet.file.Yaml;
import dev.freshet.file.YamlReader;
import dev.freshet.gateway.graphql.Content;
import dev.freshet.gateway.graphql.GraphQlIntent;
import dev.freshet.gateway.routing.Decision;
import dev.freshet.gateway.routing.GraphQl;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.protocol.ProblemCode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * {@code routes.test.yaml}: requests, and where the routes are to take them. They run through the
 * stage that requests pass, without a gateway.
 */
public final class RoutesTests {

  private final Routes routes;
  private final List<FileProblem> failures = new ArrayList<>();
  private final Set<String> covered = new HashSet<>();
  private final GraphQlIntent graphQlIntent = new GraphQlIntent();
  private int run;

  private RoutesTests(Routes routes) {
    this.routes = routes;
  }

  /**
   * What came of the tests.
   *
   * @param run how many there were
   * @param failures in the file's order
   * @param uncovered ids of routes that no test takes
   */
  public record Outcome(int run, List<FileProblem> failures, List<String> uncovered) {}

  /**
   * Runs a file's tests.
   *
   * @throws FileInvalid when its form is not right
   */
  public static Outcome run(String text, Routes routes) {
    Yaml file = YamlReader.read(text);
    RoutesForm.TESTS.check(file);
    RoutesTests tests = new RoutesTests(routes);
    Section.of(file).sections("tests").forEach(tests::run);
    return new Outcome(
        tests.run,
        List.copyOf(tests.failures),
        routes.all().stream().map(Route::id).filter(id -> !tests.covered.contains(id)).toList());
  }

  private void run(Section test) {
    run++;
    String[] request = test.requiredText("request").split(" ", 2);
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    test.section("headers")
        .map(Section::values)
        .orElse(Map.of())
        .forEach((name, value) -> headers.put(name, Section.text((Yaml.Scalar) value)));
    Decision decision =
        Decision.of(
            routes,
            request[0],
            request[1].replaceFirst("\\?.*", ""),
            name -> Optional.ofNullable(headers.get(name)).stream().toList());
    switch (decision) {
      case Decision.ByContent(Route route, GraphQl graphQl) ->
          routed(
              test,
              Decision.of(
                  route,
                  request[0],
                  graphQlIntent.of(content(test, request[1]), graphQl).intent()));
      case Decision.Routed routed -> routed(test, routed);
      case Decision.Preflight preflight -> {
        covered.add(preflight.route().id());
        expect(test, "route", preflight.route().id());
      }
      case Decision.Unrouted(ProblemCode code, String detail) -> {
        expect(test, "route", "none");
        refused(test, code);
      }
    }
  }

  private static Content content(Section test, String target) {
    return Content.of(
        target,
        name -> name.equals("Content-Type") ? List.of("application/json") : List.of(),
        test.text("body").orElse(""));
  }

  private void routed(Section test, Decision.Routed decision) {
    switch (decision) {
      case Decision.Taken(Route route, Intent intent) -> {
        covered.add(route.id());
        expect(test, "route", route.id());
        expect(test, "intent", intent.text());
        expect(test, "pool", route.pool(intent).orElse("none"));
        expect(test, "refused", "not refused");
      }
      case Decision.NotAllowed refused -> {
        covered.add(refused.route().id());
        expect(test, "route", refused.route().id());
        refused(test, ProblemCode.METHOD_NOT_ALLOWED);
      }
    }
  }

  private void refused(Section test, ProblemCode code) {
    expect(test, "refused", code.code());
    if (test.get("refused").isEmpty()) {
      fail(test, "request", "it is refused: " + code.code());
    }
  }

  private void expect(Section test, String key, String actual) {
    test.text(key)
        .filter(expected -> !expected.equals(actual))
        .ifPresent(
            expected -> fail(test, key, "%s is %s, not %s".formatted(key, actual, expected)));
  }

  private void fail(Section test, String key, String message) {
    failures.add(test.at(key).problem("%s: %s".formatted(test.requiredText("request"), message)));
  }
}
