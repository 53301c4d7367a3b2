package dev.freshet.gateway.wire;

/**
 * How large the head of a request may be.
 *
 * @param requestLineBytes method, target and version together
 * @param headersBytes all headers together
 * @param headers how many
 */
public record HeadLimits(int requestLineBytes, int headersBytes, int headers) {}
