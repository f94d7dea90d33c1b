// SPDX-License-Identifier: Apache-2.0
/**
 * A third party's IOMMU backend: {@link com.example.plainiommu.PlainProvider} is found as a service, its containers
 * ({@code PlainContainer}) pin the user's memory and enter it into the page tables of one isolation group. It is plain on
 * purpose: one isolation group per container, mappings come out as they went in.
 */
package com.example.plainiommu;
