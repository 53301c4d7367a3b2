/** What a client sends along: its token, and the consistency level that it asks for. */
@NullMarked
package dev.freshet.gateway.session;

import org.jspecify.annotations.NullMarked;
