// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.Optional;

/**
 * How a native program ended.
 *
 * @param code its exit code; 128 and the signal's number if a signal killed it
 * @param lastRefusal the last call that was refused, and why
 */
public record ProgramExit(int code, Optional<String> lastRefusal) {}
