package dev.freshet.gateway.wire;

import java.time.Duration;

/**
 * How large the head of a request may be, and how slow.
 *
 * @param requestLineBytes method, target and version together
 * @param headersBytes all headers together
 * @param headers how many
 * @param within from its first byte to its last
 */
public record HeadLimits(int requestLineBytes, int headersBytes, int headers, Duration within) {}
