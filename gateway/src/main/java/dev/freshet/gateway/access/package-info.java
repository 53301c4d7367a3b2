/**
 * Who may use a route: what a request must show is found without waiting, and a token that has not
 * been seen before is checked apart.
 */
@NullMarked
package dev.freshet.gateway.access;

import org.jspecify.annotations.NullMarked;
