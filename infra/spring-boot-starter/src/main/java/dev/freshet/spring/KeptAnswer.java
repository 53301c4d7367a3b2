package dev.freshet.spring;

import org.jspecify.annotations.Nullable;

/**
 * What was answered under a key.
 *
 * @param fingerprint of the request
 * @param body as JSON; null for none
 * @param version the {@code ETag}; null without one
 * @param location the {@code Location}; null without one
 */
record KeptAnswer(
    String fingerprint,
    int status,
    @Nullable String body,
    @Nullable String version,
    @Nullable String location) {}
