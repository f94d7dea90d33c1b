// SPDX-License-Identifier: Apache-2.0
/**
 * The machine's fsl-mc bus: a management complex with containers (DPRC) and the objects in them, command portals that it
 * answers on, interrupts as messages out of each container's pool, and I/O portals with a DMA engine that uses its
 * container's isolation. Spec: fsl-mc §1, §10, §11; the DMA engine: {@code docs/devices.md}.
 */
package org.vfio4j.host.embedded.fslmc;
