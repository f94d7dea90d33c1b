// SPDX-License-Identifier: Apache-2.0
/**
 * The machine's mdev bus and its serial-port parents: a UART register set in loopback, and for one type a DMA engine that
 * reaches its user's memory by pinning it or by copies in software. Spec: mdev §9; the DMA engine: {@code docs/devices.md}.
 */
package org.vfio4j.host.embedded.mdev;
