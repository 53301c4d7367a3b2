/**
 * {@code routes.yaml}: read, checked, and turned into {@link dev.freshet.gateway.routing.Routes}.
 *
 * <p>It passes four stages: YAML with the place of everything in it; the environment's variables;
 * the published JSON Schema, which knows every key and every form; and what only the whole file
 * shows, such as a pool that is not there. Each stage tells all that it finds wrong, with line and
 * column, and the next one is only reached by a file without faults.
 */
@NullMarked
package dev.freshet.gateway.routing.file;

import org.jspecify.annotations.NullMarked;
