// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

/**
 * Who a thread is when it uses files (kernel: {@code fsuid} and {@code fsgid}).
 *
 * @param uid user, in numbers of this process' user namespace
 * @param gid group, likewise
 */
public record Credentials(int uid, int gid) {
    /** Who may do everything. */
    public static final Credentials ROOT = new Credentials(0, 0);
}
