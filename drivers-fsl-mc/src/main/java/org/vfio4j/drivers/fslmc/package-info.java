// SPDX-License-Identifier: Apache-2.0
/**
 * The bus driver of NXP's management-complex bus: a container object (DPRC) and the objects in it share a device set; portals and
 * other regions are handed to the user, who speaks to the management complex through them. Kernel counterpart:
 * {@code drivers/vfio/fsl-mc}; specification: {@code spec/fsl-mc.md}.
 */
package org.vfio4j.drivers.fslmc;
