package dev.freshet.gateway.access;

import org.jspecify.annotations.Nullable;

/**
 * Who a client is, by its token.
 *
 * @param subject in printable ASCII
 * @param claims all that the token says, signed for the backends; null where these ask for none
 */
public record Principal(String subject, @Nullable String claims) {

  @Override
  public String toString() {
    return subject; // the claims are as good as the token for a while
  }
}
