// SPDX-License-Identifier: Apache-2.0
/**
 * The fsl-mc bus between a host's management complex and the fsl-mc driver: containers (DPRC) and the objects in them.
 * Spec: fsl-mc §1, §11.
 */
package org.vfio4j.spi.fslmc;
