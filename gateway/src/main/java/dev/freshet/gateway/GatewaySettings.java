package dev.freshet.gateway;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.protocol.SourceKind;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of a gateway.
 *
 * @param routes the routes file
 * @param instances instances of pools that the routes file may leave out
 * @param sync status addresses of cdc-syncs, where the routes file names none
 * @param timeout how long a backend's answer may take
 * @param connectTimeout how long connecting may take
 */
@ConfigurationProperties("freshet.gateway")
record GatewaySettings(
    Path routes,
    @DefaultValue List<PoolInstance> instances,
    @DefaultValue List<URI> sync,
    @DefaultValue("10s") Duration timeout,
    @DefaultValue("1s") Duration connectTimeout) {

  /** One instance of one pool. */
  record PoolInstance(String pool, String id, URI url, String kind) {}

  Map<String, List<InstanceSpec>> pools() {
    return instances.stream()
        .collect(
            Collectors.groupingBy(
                PoolInstance::pool,
                Collectors.mapping(
                    i -> new InstanceSpec(i.id(), i.url(), SourceKind.parse(i.kind())),
                    Collectors.toList())));
  }
}
