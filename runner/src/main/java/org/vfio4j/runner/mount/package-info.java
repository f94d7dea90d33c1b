// SPDX-License-Identifier: Apache-2.0
/**
 * The machine's {@code /sys} and {@code /dev} as a program sees them natively: a file system of this JVM over the real ones, in a
 * mount namespace of the program's own. Nothing outside changes, and nothing stays when the program's last process has ended.
 */
package org.vfio4j.runner.mount;
