package dev.freshet.gateway;

import dev.freshet.gateway.pool.Endpoint;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Limit;
import dev.freshet.gateway.wire.HeadLimits;
import dev.freshet.protocol.SourceKind;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Settings of a gateway.
 *
 * @param routes the routes file
 * @param instances instances of pools that the routes file may leave out
 * @param sync status addresses of cdc-syncs, where the routes file names none
 * @param publish the same of publishers
 * @param timeout how long a backend's answer may take
 * @param connectTimeout how long connecting may take
 * @param sessionKeys file of keys that session tokens are signed with; null to have one made
 * @param sessionKeysText the same keys as a text, in place of the file; empty without
 * @param data folder where a key is kept that is made
 * @param sessionLifetime how long a session token lasts
 * @param fallbacksPerSecond how many reads may fall back to the primary, of all clients together
 * @param fallbacksPerClient how many of one client, a second
 * @param trustedProxies networks of proxies whose forwarding headers count, in CIDR notation
 * @param insecure whether routes need not say who may use them, though the gateway listens beyond
 *     loopback
 * @param accessLog whether each request gets a line in the log
 * @param maxRequestLine of a request: method, target and version together
 * @param maxHeaders of a request, all of them together
 * @param maxHeaderCount how many headers a request may have
 * @param maxBody of a request
 * @param maxAnswerHeaders of a backend's answer: its status line, and all headers together
 * @param headTimeout from the first byte of a request's head to its last
 * @param clientPatience how long a client may take nothing of its answer
 * @param readObjective within which the answers of reads should begin; the verdict and alerts go by
 *     it
 * @param claimsKey file of the keys with which clients' claims are signed for the backends; null
 *     where these ask for none
 */
@ConfigurationProperties("freshet.gateway")
record GatewaySettings(
    Path routes,
    @DefaultValue List<PoolInstance> instances,
    @DefaultValue List<URI> sync,
    @DefaultValue List<URI> publish,
    @DefaultValue("10s") Duration timeout,
    @DefaultValue("1s") Duration connectTimeout,
    @Nullable Path sessionKeys,
    @DefaultValue("") String sessionKeysText,
    @DefaultValue(".freshet") Path data,
    @DefaultValue("24h") Duration sessionLifetime,
    @DefaultValue("500") int fallbacksPerSecond,
    @DefaultValue("50") int fallbacksPerClient,
    @DefaultValue List<String> trustedProxies,
    @DefaultValue("false") boolean insecure,
    @DefaultValue("false") boolean accessLog,
    @DefaultValue("8KB") DataSize maxRequestLine,
    @DefaultValue("32KB") DataSize maxHeaders,
    @DefaultValue("100") int maxHeaderCount,
    @DefaultValue("1GB") DataSize maxBody,
    @DefaultValue("64KB") DataSize maxAnswerHeaders,
    @DefaultValue("10s") Duration headTimeout,
    @DefaultValue("30s") Duration clientPatience,
    @DefaultValue("1s") Duration readObjective,
    @Nullable Path claimsKey) {

  /** One instance of one pool. */
  record PoolInstance(String pool, String id, URI url, String kind) {}

  HeadLimits head() {
    return new HeadLimits(
        Math.toIntExact(maxRequestLine.toBytes()),
        Math.toIntExact(maxHeaders.toBytes()),
        maxHeaderCount,
        headTimeout);
  }

  Map<String, List<InstanceSpec>> pools() {
    return instances.stream()
        .collect(
            Collectors.groupingBy(
                PoolInstance::pool,
                Collectors.mapping(
                    i ->
                        new InstanceSpec(
                            i.id(),
                            Endpoint.of(i.url()),
                            SourceKind.parse(i.kind()),
                            null,
                            InstanceSpec.USUAL_WEIGHT,
                            Limit.NONE),
                    Collectors.toList())));
  }

  @Override
  public String toString() {
    return "GatewaySettings[routes=" + routes + "]"; // keys and URLs are secret
  }
}
