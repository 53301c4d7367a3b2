package dev.freshet.gateway;

import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.notFound;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.serverError;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static dev.freshet.gateway.access.TestTokens.signed;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.ConfigurableApplicationContext;

/** Routes that ask for tokens. */
class AccessIT {

  private static final String ISSUER = "https://login.example/shop";

  private static RSAKey key;
  private static RSAKey nextKey;

  @TempDir Path folder;

  private WireMockServer backend;
  private WireMockServer issuer;
  private ConfigurableApplicationContext gateway;

  @BeforeAll
  static void keys() throws Exception {
    key = new RSAKeyGenerator(2048).keyID("one").generate();
    nextKey = new RSAKeyGenerator(2048).keyID("two").generate();
  }

  @BeforeEach
  void start() throws Exception {
    backend = TestServers.start();
    issuer = TestServers.start();
    backend.stubFor(any(anyUrl()).willReturn(okJson("{}")));
    backend.stubFor(any(urlEqualTo("/.freshet/position")).willReturn(notFound()));
    publish(key);
    start("issuer: %s, keys: \"%s/keys\"".formatted(ISSUER, issuer.baseUrl()));
  }

  private void start(String jwt) throws Exception {
    Files.writeString(
        folder.resolve("routes.yaml"),
        """
        version: 1
        jwt: { %s, audience: [ freshet, shop ] }
        routes:
          - id: orders
            path: /orders/**
            read: { pool: all }
            write: { pool: all }
            access: { read: [], write: [ "orders:write", desk ] }
            cors: { origins: [ "https://shop.example" ] }
          - id: moved
            path: /moved
            read: { pool: all }
            access: { read: [] }
            filters: [ "RedirectTo=302, https://elsewhere.example/" ]
          - id: filtered
            path: /filtered
            read: { pool: all }
            access: { read: [] }
            filters: [ "AddResponseHeader=X-By, freshet" ]
          - id: exact
            path: /exact
            read: { pool: all }
            access: { read: [] }
          - id: one
            path: /Items/{id}
            read: { pool: all }
            access: { read: [ desk ] }
          - { id: named, path: /exact/, hosts: [ named.example ], read: { pool: all } }
          - id: menu
            path: /menu
            read: { pool: all }
          - { id: graphql, path: /graphql, intent: graphql, read: { pool: all }, write: { pool: all }, access: { read: [], write: [ cook ] } }
          - { id: counted, path: /counted, read: { pool: all }, access: { read: [] }, rate: { requests: 3, per: 1h, by: principal } }
          - { id: scarce, path: /scarce, read: { pool: all }, rate: { requests: 2, per: 10m, by: address } }
          - { id: rest, path: "/**", read: { pool: all } }
        pools:
          all:
            instances: [ { id: one, url: "%s" } ]
        """
            .formatted(jwt, backend.baseUrl()));
    gateway = TestGateway.start(folder, Map.of("data", folder.toString()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    backend.stop();
    issuer.stop();
  }

  private void publish(RSAKey... keys) {
    issuer.stubFor(
        any(urlEqualTo("/keys")).willReturn(okJson(new JWKSet(List.of(keys)).toString())));
  }

  private static JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer(ISSUER)
        .audience("freshet")
        .subject("ada")
        .claim("scope", "orders:write desk")
        .expirationTime(Date.from(Instant.now().plusSeconds(300)));
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    return TestGateway.send(gateway, "GET", path, "", headers);
  }

  private HttpResponse<String> getWith(String token) throws Exception {
    return get("/orders/1", "Authorization", "Bearer " + token);
  }

  private void assertNothingWasForwarded() {
    backend.verify(0, anyRequestedFor(urlPathMatching("/(orders|moved|filtered|menu|graphql).*")));
  }

  @Test
  void withoutTokenNothingIsForwarded() throws Exception {
    HttpResponse<String> answer = get("/orders/1", "Origin", "https://shop.example");
    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(answer.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
    assertThat(answer.headers().firstValue("Access-Control-Allow-Origin"))
        .hasValue("https://shop.example");
    assertThat(answer.body()).contains("\"code\":\"unauthenticated\"");
    assertThat(get("/orders/1", "Authorization", "Basic YTpi").statusCode()).isEqualTo(401);
    assertThat(get("/orders/1", "Authorization", "Bearer").statusCode()).isEqualTo(401);
    assertNothingWasForwarded();
  }

  @Test
  void backendIsToldThePrincipalThatTheTokenNames() throws Exception {
    HttpResponse<String> answer =
        get(
            "/orders/1",
            "authorization",
            "bearer " + signed(key, claims()),
            "Freshet-Principal",
            "root");
    assertThat(answer.statusCode()).isEqualTo(200);
    backend.verify(
        getRequestedFor(urlEqualTo("/orders/1")).withHeader("Freshet-Principal", equalTo("ada")));
    assertThat(get("/menu", "Freshet-Principal", "root").statusCode()).isEqualTo(200);
    backend.verify(getRequestedFor(urlEqualTo("/menu")).withHeader("Freshet-Principal", absent()));
  }

  @Test
  void scopesAreAskedForByIntent() throws Exception {
    String reader = "Bearer " + signed(key, claims().claim("scope", "desk"));
    assertThat(get("/orders/1", "Authorization", reader).statusCode()).isEqualTo(200);
    HttpResponse<String> refused =
        TestGateway.send(gateway, "POST", "/orders", "{}", "Authorization", reader);
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("\"code\":\"forbidden\"").contains("orders:write");
    assertThat(refused.headers().firstValue("WWW-Authenticate"))
        .hasValue("Bearer error=\"insufficient_scope\", scope=\"orders:write desk\"");
    String writer =
        "Bearer "
            + signed(
                key, claims().claim("scope", null).claim("scp", List.of("orders:write", "desk")));
    assertThat(
            TestGateway.send(gateway, "POST", "/orders", "{}", "Authorization", writer)
                .statusCode())
        .isEqualTo(200);
  }

  static Stream<Named<String>> badTokens() throws Exception {
    Instant now = Instant.now();
    RSAKey stranger = new RSAKeyGenerator(2048).keyID("one").generate();
    String good = signed(key, claims());
    SignedJWT confused =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("one").build(), claims().build());
    confused.sign(new MACSigner(key.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8)));
    SignedJWT otherAlgorithm =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS512).keyID("one").build(), claims().build());
    otherAlgorithm.sign(new RSASSASigner(key));
    SignedJWT otherType =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256)
                .keyID("one")
                .type(new JOSEObjectType("logout+jwt"))
                .build(),
            claims().build());
    otherType.sign(new RSASSASigner(key));
    return Stream.of(
        Named.of("expired", signed(key, claims().expirationTime(Date.from(now.minusSeconds(61))))),
        Named.of("without end", signed(key, claims().expirationTime(null))),
        Named.of(
            "not valid yet", signed(key, claims().notBeforeTime(Date.from(now.plusSeconds(120))))),
        Named.of("of another issuer", signed(key, claims().issuer("https://login.example"))),
        Named.of("without issuer", signed(key, claims().issuer(null))),
        Named.of("for another audience", signed(key, claims().audience("mail"))),
        Named.of("without audience", signed(key, claims().audience((String) null))),
        Named.of("without subject", signed(key, claims().subject(null))),
        Named.of("of a subject that breaks a header", signed(key, claims().subject("a\nX-A: b"))),
        Named.of("signed by a stranger", signed(stranger, claims())),
        Named.of("signed with the public key as a secret", confused.serialize()),
        Named.of("of an algorithm that is not allowed", otherAlgorithm.serialize()),
        Named.of("of another type", otherType.serialize()),
        Named.of("not signed", new PlainJWT(claims().build()).serialize()),
        Named.of("cut", good.substring(0, good.length() - 3)),
        Named.of("no token", "x.y.z"));
  }

  @ParameterizedTest
  @MethodSource("badTokens")
  void badTokenIsRefused(String token) throws Exception {
    HttpResponse<String> answer = getWith(token);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(401);
    assertThat(answer.headers().firstValue("WWW-Authenticate"))
        .hasValue("Bearer error=\"invalid_token\"");
    assertThat(answer.body()).matches("(?s).*get another one: [A-Z\\w].{10,}.*");
    assertNothingWasForwarded();
    assertThat(getWith(signed(key, claims())).statusCode()).as("a good one").isEqualTo(200);
  }

  @Test
  void whatIsWrongWithATokenIsSaid() throws Exception {
    Instant ended = Instant.now().minusSeconds(61);
    assertThat(getWith(signed(key, claims().expirationTime(Date.from(ended)))).body())
        .contains("Jwt expired at");
    assertThat(getWith(signed(key, claims().audience("mail"))).body())
        .contains("The aud claim is not valid");
    assertThat(getWith("x.y.z").body()).contains("it can't be read, or is not signed");
  }

  @Test
  void rotatedKeysAreFetchedWhenATokenNamesThem() throws Exception {
    assertThat(getWith(signed(key, claims())).statusCode()).isEqualTo(200);
    publish(key, nextKey);
    assertThat(getWith(signed(nextKey, claims())).statusCode()).isEqualTo(200);
    assertThat(getWith(signed(key, claims())).statusCode()).isEqualTo(200);
  }

  @Test
  void madeUpKeyIdsDoNotFloodTheIssuer() throws Exception {
    RSAKey stranger = new RSAKeyGenerator(2048).keyID("made-up").generate();
    for (int i = 0; i < 50; i++) {
      assertThat(getWith(signed(stranger, claims())).statusCode()).isEqualTo(401);
    }
    assertThat(issuer.getAllServeEvents()).hasSizeLessThan(5);
    assertThat(getWith(signed(key, claims())).statusCode()).as("others go on").isEqualTo(200);
  }

  @Test
  void issuerThatIsAwayIsSaid() throws Exception {
    issuer.stubFor(any(urlEqualTo("/keys")).willReturn(serverError()));
    HttpResponse<String> answer = getWith(signed(key, claims()));
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("can't be fetched");
    assertThat(get("/menu").statusCode()).isEqualTo(200);
    assertThat(TestGateway.operate(gateway, "GET", "/api/status", "").body())
        .contains("\"ok\":false", "Tokens are not checked as they should be", issuer.baseUrl());
  }

  @Test
  void accessComesBeforeFilters() throws Exception {
    assertThat(get("/moved").statusCode()).isEqualTo(401);
    HttpResponse<String> answer =
        get("/filtered", "Authorization", "Bearer " + signed(key, claims()));
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("X-By")).hasValue("freshet");
    backend.verify(
        getRequestedFor(urlEqualTo("/filtered")).withHeader("Freshet-Principal", equalTo("ada")));
  }

  @Test
  void preflightNeedsNoToken() throws Exception {
    assertThat(
            TestGateway.send(
                    gateway,
                    "OPTIONS",
                    "/orders/1",
                    "",
                    "Origin",
                    "https://shop.example",
                    "Access-Control-Request-Method",
                    "POST")
                .statusCode())
        .isEqualTo(204);
  }

  @Test
  void issuerIsAskedWhereItsKeysAre() throws Exception {
    gateway.close();
    String name = issuer.baseUrl() + "/realm";
    issuer.stubFor(
        any(urlEqualTo("/realm/.well-known/openid-configuration"))
            .willReturn(
                okJson(
                    "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}"
                        .formatted(name, issuer.baseUrl()))));
    start("issuer: \"%s\"".formatted(name));
    assertThat(getWith(signed(key, claims().issuer(name))).statusCode()).isEqualTo(200);
    assertThat(getWith(signed(key, claims())).statusCode()).isEqualTo(401);
  }

  @Test
  void explanationSaysWhoMay() throws Exception {
    String ask = "{\"method\":\"POST\",\"path\":\"/orders\",\"headers\":{%s}}";
    assertThat(TestGateway.operate(gateway, "POST", "/api/explain", ask.formatted("")).body())
        .contains("\"code\":\"unauthenticated\"")
        .contains("\"route\":\"orders\"");
    assertThat(
            TestGateway.operate(
                    gateway,
                    "POST",
                    "/api/explain",
                    ask.formatted(
                        "\"Authorization\":\"Bearer %s\"".formatted(signed(key, claims()))))
                .body())
        .contains("\"principal\":\"ada\"")
        .contains("\"chosen\":\"one\"");
  }

  /** A route behind it is open, and backends read some paths as another one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "//orders/1",
        "/orders%2f1",
        "/orders%5C1",
        "/x/..%2forders/1",
        "/x/%2e%2e/orders/1",
        "/;/orders/1",
        "/x//orders",
      })
  void otherSpellingsOfAPathDoNotLeadPastARoute(String path) throws Exception {
    // Such as the JDK's client would not send.
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                  .formatted(path)
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 400 ")
          .contains("\"code\":\"bad-request\"");
    }
    assertThat(get("/x/orders").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/exact/",
        "/exact;x/",
        "/exact%3bx",
        "/exact%3Bx",
        "/exact%253bx",
        "/EXACT",
        "/Exact",
        "/%45xact",
        "/exact%20",
        "/exact.",
        "/%2565xact",
        "/items/7",
        "/ITEMS/7/",
        "/Items/7/",
        "/Items/7;x/",
        "/Items%3bx/7",
      })
  void neighboursSpellingsDoNotFallPastARouteToAnOpenOne(String path) throws Exception {
    String answer = raw(path, "a");
    assertThat(answer)
        .startsWith("HTTP/1.1 400 ")
        .contains("\"code\":\"bad-request\"")
        .containsPattern("may read this path as one of route (exact|one)");
    backend.verify(0, anyRequestedFor(urlPathMatching("(?i)/(exact|items|%).*")));
  }

  @Test
  void otherPathsBesideAGuardedOneAreOpenAndSoAreSpellingsThatTheFileNames() throws Exception {
    assertThat(raw("/exact;x", "a")).as("the route itself").startsWith("HTTP/1.1 401 ");
    assertThat(raw("/%65xact", "a")).as("the route itself").startsWith("HTTP/1.1 401 ");
    assertThat(raw("/exactly", "a")).startsWith("HTTP/1.1 200 ");
    assertThat(raw("/exact/x", "a")).startsWith("HTTP/1.1 200 ");
    assertThat(raw("/exact/", "named.example")).startsWith("HTTP/1.1 200 ");
    assertThat(raw("/Items/7/8", "a")).startsWith("HTTP/1.1 200 ");
  }

  /** Such as the JDK's client would not send. */
  private String raw(String path, String host) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                  .formatted(path, host)
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Nothing of what it would send is waited for. */
  @Test
  void contentIsNotReadFromAClientWithoutAToken() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), TestGateway.port(gateway))) {
      socket.setSoTimeout(5_000);
      socket
          .getOutputStream()
          .write(
              "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n{"
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
          .isEqualTo("HTTP/1.1 401");
    }
  }

  @Test
  void scopesOfGraphQlAreThoseOfWhatItMeans() throws Exception {
    String token = "Bearer " + signed(key, claims());
    assertThat(graphQl("{ a }", token)).isEqualTo(200);
    assertThat(graphQl("mutation { a }", token)).isEqualTo(403);
    assertThat(graphQl("mutation { a }", "Bearer " + signed(key, claims().claim("scope", "cook"))))
        .isEqualTo(200);
  }

  private int graphQl(String query, String authorization) throws Exception {
    return TestGateway.send(
            gateway,
            "POST",
            "/graphql",
            "{\"query\":\"%s\"}".formatted(query),
            "Content-Type",
            "application/json",
            "Authorization",
            authorization)
        .statusCode();
  }

  @Test
  void eachPrincipalHasItsRate() throws Exception {
    String ada = "Bearer " + signed(key, claims());
    String bob = "Bearer " + signed(key, claims().subject("bob"));
    for (int i = 0; i < 3; i++) {
      assertThat(get("/counted", "Authorization", ada).statusCode()).isEqualTo(200);
    }
    HttpResponse<String> refused = get("/counted", "Authorization", ada);
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.body()).contains("\"code\":\"too-many-requests\"");
    assertThat(refused.headers().firstValue("RateLimit-Policy")).hasValue("\"counted\";q=3;w=3600");
    assertThat(refused.headers().firstValue("RateLimit").orElseThrow())
        .matches("\"counted\";r=0;t=1(19\\d|200)");
    assertThat(Integer.parseInt(refused.headers().firstValue("Retry-After").orElseThrow()))
        .isBetween(1190, 1200);
    assertThat(get("/counted", "Authorization", bob).statusCode()).isEqualTo(200);
    assertThat(get("/counted").statusCode()).isEqualTo(401);
    backend.verify(4, anyRequestedFor(urlEqualTo("/counted")));
  }

  @Test
  void eachAddressHasItsRate() throws Exception {
    assertThat(get("/scarce").statusCode()).isEqualTo(200);
    assertThat(get("/scarce", "X-Forwarded-For", "192.0.2.1").statusCode()).isEqualTo(200);
    assertThat(get("/scarce", "X-Forwarded-For", "192.0.2.2").statusCode()).isEqualTo(429);
    assertThat(get("/menu").statusCode()).isEqualTo(200);
  }
}
