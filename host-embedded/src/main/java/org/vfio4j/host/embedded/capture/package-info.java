// SPDX-License-Identifier: Apache-2.0
/**
 * Captured machines: a folder with a real machine's PCI functions as text, {@linkplain
 * org.vfio4j.host.embedded.capture.CapturedMachine read} to become a machine of this host, and
 * {@linkplain org.vfio4j.host.embedded.capture.SysfsRecorder written} from a running system's sysfs. The layout is
 * documented in {@code docs/machines.md}.
 */
package org.vfio4j.host.embedded.capture;
