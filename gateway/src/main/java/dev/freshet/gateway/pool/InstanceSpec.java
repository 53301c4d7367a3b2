package dev.freshet.gateway.pool;

import dev.freshet.protocol.SourceKind;
import java.net.URI;

/**
 * An instance as it is configured.
 *
 * @param id unique over all pools
 * @param url base URL, without a path
 * @param kind what it reads from; for instances that take writes, the primary
 */
public record InstanceSpec(String id, URI url, SourceKind kind) {}
