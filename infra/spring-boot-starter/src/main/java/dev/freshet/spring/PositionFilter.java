package dev.freshet.spring;

import dev.freshet.protocol.FreshetHeaders;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;
import org.springframework.web.filter.OncePerRequestFilter;

/** Tells the position in the head of each answer: when it is written, transactions have ended. */
final class PositionFilter extends OncePerRequestFilter {

  private final Positions positions;

  PositionFilter(Positions positions) {
    this.positions = positions;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String query = request.getQueryString();
    CurrentRequest current =
        CurrentRequest.of(
            request.getMethod()
                + " "
                + request.getRequestURI()
                + (query == null ? "" : "?" + query),
            request::getHeader,
            request.getRemoteUser());
    CurrentRequest.ON_THREAD.set(current);
    Positioned positioned = new Positioned(request, response, current);
    try {
      chain.doFilter(request, positioned);
      if (!request.isAsyncStarted()) {
        positioned.tell();
      }
    } finally {
      CurrentRequest.ON_THREAD.remove();
    }
  }

  /** An answer whose head gets the position before anything of it is sent. */
  private final class Positioned extends HttpServletResponseWrapper {

    private final CurrentRequest request;
    private final HttpServletRequest asked;
    private boolean isTold;

    Positioned(HttpServletRequest asked, HttpServletResponse response, CurrentRequest request) {
      super(response);
      this.asked = asked;
      this.request = request;
    }

    void tell() {
      if (!isTold && !isCommitted()) {
        isTold = true;
        // Its transactions may have been on other threads, of which nothing is known here.
        boolean isAsync =
            asked.isAsyncStarted() || asked.getDispatcherType() == DispatcherType.ASYNC;
        (isAsync ? positions.ask() : positions.after(request))
            .ifPresent(position -> setHeader(FreshetHeaders.POSITION, position.toString()));
      }
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
      tell();
      return super.getOutputStream();
    }

    @Override
    public PrintWriter getWriter() throws IOException {
      tell();
      return super.getWriter();
    }

    @Override
    public void flushBuffer() throws IOException {
      tell();
      super.flushBuffer();
    }

    @Override
    public void sendError(int status) throws IOException {
      tell();
      super.sendError(status);
    }

    @Override
    public void sendError(int status, String message) throws IOException {
      tell();
      super.sendError(status, message);
    }

    @Override
    public void sendRedirect(String location) throws IOException {
      tell();
      super.sendRedirect(location);
    }

    /** What was told before is gone, and has to be told again. */
    @Override
    public void reset() {
      super.reset();
      isTold = false;
    }
  }
}
