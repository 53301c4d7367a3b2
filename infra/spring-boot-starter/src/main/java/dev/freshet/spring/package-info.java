/**
 * What a Spring Boot service needs to keep what the gateway promises of it. Nothing in the
 * service's own code has to know of it but {@link dev.freshet.spring.Idempotent}.
 */
@NullMarked
package dev.freshet.spring;

import org.jspecify.annotations.NullMarked;
