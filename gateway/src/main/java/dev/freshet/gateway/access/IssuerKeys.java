package dev.freshet.gateway.access;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jose.util.ResourceRetriever;
import dev.freshet.gateway.routing.Issuer;
import java.io.IOException;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The public keys of an issuer, where it publishes them. Nothing is fetched before a token is to be
 * checked, so that a gateway starts while its issuer is away.
 */
final class IssuerKeys implements JWKSetSource<SecurityContext> {

  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final int MOST_BYTES = 1024 * 1024;

  /** A key that was taken back is not relied on for longer than this. */
  private static final Duration KEPT = Duration.ofMinutes(5);

  /** For how long the last keys do when the issuer is away. */
  private static final Duration KEPT_IN_AN_OUTAGE = Duration.ofHours(1);

  /** Tokens with made-up key ids have the keys fetched no more often than this. */
  private static final Duration NOT_MORE_OFTEN_THAN = Duration.ofSeconds(10);

  private static final String DISCOVERY = "/.well-known/openid-configuration";

  private final ResourceRetriever retriever;
  private final Issuer issuer;
  private volatile @Nullable URI found;
  private volatile @Nullable String trouble;

  /** Fetches nothing yet. */
  IssuerKeys(Issuer issuer) {
    int millis = Math.toIntExact(TIMEOUT.toMillis());
    this.retriever = new DefaultResourceRetriever(millis, millis, MOST_BYTES);
    this.issuer = issuer;
    this.found = issuer.keys();
  }

  /** Keys that are kept for a while, and fetched again when a token names one that is not known. */
  JWKSource<SecurityContext> source() {
    return JWKSourceBuilder.create(this)
        .cache(KEPT.toMillis(), TIMEOUT.multipliedBy(3).toMillis())
        .rateLimited(NOT_MORE_OFTEN_THAN.toMillis())
        .refreshAheadCache(false)
        .outageTolerant(KEPT_IN_AN_OUTAGE.toMillis())
        .build();
  }

  /** Why they could not be fetched last; empty when they could, or never had to be. */
  Optional<String> trouble() {
    return Optional.ofNullable(trouble);
  }

  @Override
  public JWKSet getJWKSet(
      JWKSetCacheRefreshEvaluator evaluator, long currentTime, SecurityContext context)
      throws KeySourceException {
    try {
      URI from = found;
      if (from == null) {
        from = discover();
        found = from;
      }
      JWKSet keys = JWKSet.parse(retriever.retrieveResource(from.toURL()).getContent());
      trouble = null;
      return keys;
    } catch (IOException | ParseException | IllegalArgumentException e) {
      String why =
          "the keys of %s can't be fetched from %s: %s"
              .formatted(
                  issuer.name(), found == null ? issuer.name() + DISCOVERY : found, e.getMessage());
      trouble = why;
      throw new JWKSetUnavailableException(why, e);
    }
  }

  /** OpenID Connect Discovery 1.0, 4. */
  private URI discover() throws IOException, ParseException {
    URI at = URI.create(issuer.name().replaceFirst("/$", "") + DISCOVERY);
    Map<String, Object> said =
        JSONObjectUtils.parse(retriever.retrieveResource(at.toURL()).getContent());
    if (!issuer.name().equals(JSONObjectUtils.getString(said, "issuer"))) {
      throw new IOException(at + " names another issuer");
    }
    URI keys = JSONObjectUtils.getURI(said, "jwks_uri");
    if (keys == null) {
      throw new IOException(at + " names no jwks_uri");
    }
    return keys;
  }

  @Override
  public void close() {
    // Nothing is open between two fetches.
  }
}
