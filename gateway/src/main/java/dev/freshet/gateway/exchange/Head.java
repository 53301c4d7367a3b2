package dev.freshet.gateway.exchange;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * An answer's head.
 *
 * @param headers may be added to until it is sent
 */
public record Head(int status, HttpHeaders headers) {

  /** A head without headers. */
  public static Head of(int status) {
    return new Head(status, DefaultHttpHeadersFactory.headersFactory().newHeaders());
  }
}
